import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { firstAccount } from "../../src/auth/principal.ts";
import { DataKeyring } from "../../src/keyring/data-keyring.ts";
import { deliverLogs } from "../../src/logging/deliver-logs.ts";
import { inventory } from "../../src/maintenance/inventory/inventory.ts";
import type { ServiceUse } from "../../src/sealing/data-keys.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { guardedStore } from "../../src/store/guarded-store.ts";
import { listObjects } from "../../src/store/read/list.ts";
import { openObject } from "../../src/store/read/objects.ts";
import { KmsRig } from "../services/kms/support/kms.ts";
import { root, type S3As, s3As } from "../support/s3-as.ts";
import { readAll } from "../support/store.ts";

const S3 = "s3.amazonaws.com";
const LOGGING = "logging.s3.amazonaws.com";
const { accountId } = firstAccount;
const SOURCE = { arn: "arn:aws:s3:::source", accountId };
const REPORT = "/source?inventory&id=all";
const BOTH = { Service: [S3, LOGGING] };

let rig: KmsRig;
let isolate: DataKeyring;
let store: StoreContext;
let s3: S3As;
let told: string[];
beforeEach(async () => {
  rig = await KmsRig.open();
  isolate = new DataKeyring(rig.keyring, rig.test.store.metadata.keyring);
  told = [];
  const tell = (line: string) => void told.push(line);
  store = { ...rig.test.store, tell, dataKeysOfService: (use) => isolate.forService(use) };
  const asRoot = isolate.forCaller(rig.root());
  s3 = s3As(guardedStore(store, asRoot.guard, asRoot), root);
  for (const bucket of ["source", "reports"]) await ok({ method: "PUT", path: `/${bucket}` });
  const put = { Effect: "Allow", Principal: BOTH, Action: "s3:PutObject", Resource: "arn:aws:s3:::reports/*" };
  await ok({ method: "PUT", path: "/reports?policy", body: policy(put) });
});
afterEach(() => rig.dispose());

const policy = (...Statement: object[]) => JSON.stringify({ Version: "2012-10-17", Statement });
async function ok(request: Parameters<S3As>[0]): Promise<void> {
  const { status, text } = await s3(request);
  expect([text, status < 300]).toEqual([status < 300 ? text : "", true]);
}

const admin = { Effect: "Allow", Principal: { AWS: `arn:aws:iam::${accountId}:root` }, Action: "kms:*", Resource: "*" };
const letIn = (Principal: object, Condition: object = {}) => ({
  ...{ Effect: "Allow", Principal, Action: "kms:GenerateDataKey*", Resource: "*", Condition },
});
/** A new key's id, whose account may do everything with it, and these what their statements say. */
const key = (...statements: object[]) => rig.key({ Policy: policy(admin, ...statements) });
const arnOf = (id: string) => `arn:aws:kms:us-east-1:${accountId}:key/${id}`;

describe("a service of the server's own", () => {
  const context = { "aws:s3:arn": "arn:aws:s3:::reports/a" };
  const outcome = async (keyId: string | null, use: Partial<ServiceUse> = {}) => {
    const keys = isolate.forService({ service: S3, accountId, source: SOURCE, ...use });
    const made = await keys.generate({ keyId, context, mayReuse: false });
    return made.ok ? "made" : made.failure.kind;
  };

  it("has data keys of a KMS key whose policy lets it in, on whose behalf it says", async () => {
    const condition = { StringEquals: { "aws:SourceAccount": accountId }, ArnLike: { "aws:SourceArn": SOURCE.arn } };
    const id = await key(letIn({ Service: S3 }, condition));
    expect(await outcome(id)).toBe("made");
    expect(await outcome(arnOf(id))).toBe("made");
    expect(await outcome(id, { source: { ...SOURCE, arn: "arn:aws:s3:::another" } })).toBe("access-denied");
    expect(await outcome(id, { source: { ...SOURCE, accountId: "200000000002" } })).toBe("access-denied");
    expect(await outcome(id, { service: LOGGING })).toBe("access-denied");
    await rig.ok("DisableKey", { KeyId: id });
    isolate = new DataKeyring(rig.keyring, rig.test.store.metadata.keyring);
    expect(await outcome(id)).toBe("disabled");
  });

  it("has none of any other: no account lets it in", async () => {
    expect(await outcome(await key())).toBe("access-denied");
    expect(await outcome(await key({ ...letIn({ AWS: `arn:aws:iam::${accountId}:user/s3` }) }))).toBe("access-denied");
    // `alias/aws/s3` is for the members of the account, as at AWS.
    expect(await outcome(null)).toBe("access-denied");
    expect(await outcome("3fa85f64-5717-4562-b3fc-2c963f66afa6")).toBe("not-found");
    const via = { StringEquals: { "kms:ViaService": "s3.us-east-1.amazonaws.com" } };
    expect(await outcome(await key(letIn({ Service: S3 }, via)))).toBe("access-denied");
  });

  it("opens nothing with it, and nobody else comes in by its statement", async () => {
    const id = await rig.key({
      Policy: policy({ ...admin, Action: ["kms:Put*", "kms:Describe*"] }, letIn({ Service: S3 })),
      BypassPolicyLockoutSafetyCheck: true,
    });
    const keys = isolate.forService({ service: S3, accountId, source: SOURCE });
    const made = await keys.generate({ keyId: id, context, mayReuse: false });
    if (!made.ok) throw new Error(made.failure.kind);
    expect(await keys.open({ ...made, context })).toMatchObject({ failure: { kind: "access-denied" } });
    for (const caller of [rig.root(), rig.user("s3.amazonaws.com"), rig.nobody()]) {
      const others = await isolate.forCaller(caller).generate({ keyId: id, context, mayReuse: false });
      expect(others).toMatchObject({ failure: { kind: "access-denied" } });
    }
  });
});

const inventoryOf = (encryption: string) => `<InventoryConfiguration><Id>all</Id><IsEnabled>true</IsEnabled>
  <Destination><S3BucketDestination><Bucket>arn:aws:s3:::reports</Bucket><Format>CSV</Format>${encryption}</S3BucketDestination></Destination>
  <Schedule><Frequency>Daily</Frequency></Schedule><IncludedObjectVersions>Current</IncludedObjectVersions></InventoryConfiguration>`;
const byDefault = (id: string) => `<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>
  <SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>${id}</KMSMasterKeyID></ApplyServerSideEncryptionByDefault>
  <BucketKeyEnabled>true</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>`;

async function runInventory() {
  const endless = { untilMs: Number.POSITIVE_INFINITY, isSpent: () => false };
  return (await inventory.run(store, endless, null)).report;
}

/** The forms and the keys of all reports and logs, read by root. */
async function delivered(): Promise<string[]> {
  const position = { after: { key: "", skipPrefix: false }, limit: 100 };
  const { entries } = await listObjects(store, { bucket: "reports", prefix: "", delimiter: "", ...position });
  const keys = isolate.forCaller(rig.root());
  const asRoot = guardedStore(store, keys.guard, keys);
  const found = entries.map(async (entry) => {
    if (entry.kind !== "object") throw new Error("a prefix");
    const { head, read } = await openObject(asRoot, { bucket: "reports", key: entry.key });
    expect(await readAll(await read({ offset: 0, length: head.sizeBytes }))).toHaveLength(head.sizeBytes);
    return head.encryption && "keyArn" in head.encryption ? head.encryption.keyArn : (head.encryption?.form ?? "plain");
  });
  return [...new Set(await Promise.all(found))];
}

describe("reports", () => {
  it("are encrypted with the KMS key of their configuration", async () => {
    const id = await key(letIn({ Service: S3 }));
    const body = inventoryOf(`<Encryption><SSE-KMS><KeyId>${arnOf(id)}</KeyId></SSE-KMS></Encryption>`);
    await ok({ method: "PUT", path: REPORT, body });
    expect((await s3({ path: REPORT })).text).toContain(`<SSE-KMS><KeyId>${arnOf(id)}</KeyId></SSE-KMS>`);
    expect(await runInventory()).toMatchObject({ reports: 1, refusedReports: 0 });
    expect(await delivered()).toEqual([arnOf(id)]);
  });

  it("are encrypted with the key of the bucket, and refused where its policy does not let S3 in", async () => {
    const [good, bad] = [await key(letIn({ Service: S3 })), await key(letIn({ Service: LOGGING }))];
    await ok({ method: "PUT", path: REPORT, body: inventoryOf("") });
    await ok({ method: "PUT", path: "/reports?encryption", body: byDefault(arnOf(bad)) });
    expect(await runInventory()).toMatchObject({ reports: 0, refusedReports: 1 });
    expect(told).toEqual([
      expect.stringContaining("User: s3.amazonaws.com is not authorized to perform: kms:GenerateDataKey"),
    ]);
    expect(await delivered()).toEqual([]);
    await ok({ method: "PUT", path: "/reports?encryption", body: byDefault(arnOf(good)) });
    await rig.clock.advance(86_400_000);
    expect(await runInventory()).toMatchObject({ reports: 1, refusedReports: 0 });
    expect(await delivered()).toEqual([arnOf(good)]);
    // What is remembered of a key is found out before the report's first object is committed.
    await rig.ok("DisableKey", { KeyId: good });
    await rig.clock.advance(86_400_000);
    expect(await runInventory()).toMatchObject({ reports: 0, refusedReports: 1, files: 0 });
  });
});

describe("access logs", () => {
  it("are encrypted with the key of the bucket, and wait while its policy does not let their service in", async () => {
    const [good, bad] = [await key(letIn({ Service: LOGGING })), await key(letIn({ Service: S3 }))];
    const target = "<TargetBucket>reports</TargetBucket><TargetPrefix>logs/</TargetPrefix>";
    const body = `<BucketLoggingStatus><LoggingEnabled>${target}</LoggingEnabled></BucketLoggingStatus>`;
    await ok({ method: "PUT", path: "/source?logging", body });
    const { accessLogs, buckets } = store.metadata;
    const { id: bucketId = 0 } = (await buckets.find("source")) ?? {};
    await accessLogs.append([{ bucketId, day: "2026-11-29", lines: "a line\n" }]);
    const lines: string[] = [];
    const log = { info: () => {}, error: (line: string) => void lines.push(line) };
    await ok({ method: "PUT", path: "/reports?encryption", body: byDefault(arnOf(bad)) });
    await deliverLogs(store, log);
    expect(lines).toEqual([expect.stringMatching(/^access logs of source: /)]);
    expect(await delivered()).toEqual([]);
    await ok({ method: "PUT", path: "/reports?encryption", body: byDefault(arnOf(good)) });
    await rig.clock.advance(300_001);
    await deliverLogs(store, log);
    expect(lines).toHaveLength(1);
    expect(await delivered()).toEqual([arnOf(good)]);
  });
});
