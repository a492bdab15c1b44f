import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { firstAccount } from "../../../../src/auth/principal.ts";
import { AccessLog } from "../../../../src/logging/access-log.ts";
import { deliverLogs } from "../../../../src/logging/deliver-logs.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { allowing, nobody, otherAccount, otherRoot, root, type S3As, s3As, user } from "../../../support/s3-as.ts";
import { openTestStore, type TestStore } from "../../../support/store.ts";

let rig: TestStore;
let clock: ManualClock;
let ask: S3As;
let asOther: S3As;
const silent = { info: () => {}, error: () => {} };
const OTHER = otherAccount.canonicalId;
const group = (name: string) => `<URI>http://acs.amazonaws.com/groups/${name}</URI>`;

beforeEach(async () => {
  clock = new ManualClock(Date.UTC(2026, 10, 29, 6));
  rig = await openTestStore({ clock });
  ask = s3As(rig.store, root);
  asOther = s3As(rig.store, otherRoot);
  const { accountId: id, canonicalId, name } = otherAccount;
  const account = { id, canonicalId, name, email: "other@example.org", createdMs: 1 };
  await rig.store.metadata.identities.accounts.create(account, { sql: "SELECT 1", values: [] });
  for (const bucket of ["box", "logs"]) await done({ method: "PUT", path: `/${bucket}` });
  const statement = {
    ...{ Effect: "Allow", Principal: { Service: "logging.s3.amazonaws.com" }, Action: "s3:PutObject" },
    Resource: "arn:aws:s3:::logs/*",
  };
  const body = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  await done({ method: "PUT", path: "/logs?policy", body });
  await setOwnership("BucketOwnerPreferred");
});
afterEach(() => rig.dispose());

async function done(request: Parameters<S3As>[0]): Promise<string> {
  const { status, text } = await ask(request);
  expect([status, text]).toEqual([status < 300 ? status : 0, text]);
  return text;
}

function setOwnership(ownership: string): Promise<string> {
  const rule = `<Rule><ObjectOwnership>${ownership}</ObjectOwnership></Rule>`;
  const body = `<OwnershipControls>${rule}</OwnershipControls>`;
  return done({ method: "PUT", path: "/logs?ownershipControls", body });
}

function blockPublicAcls(isOn: boolean): Promise<string> {
  const body = `<PublicAccessBlockConfiguration><BlockPublicAcls>${isOn}</BlockPublicAcls></PublicAccessBlockConfiguration>`;
  return done({ method: "PUT", path: "/logs?publicAccessBlock", body });
}

function granting(...grants: readonly (readonly [grantee: string, permission: string])[]): string {
  const elements = grants.map(
    ([grantee, permission]) => `<Grant><Grantee>${grantee}</Grantee><Permission>${permission}</Permission></Grant>`,
  );
  return `<BucketLoggingStatus><LoggingEnabled><TargetBucket>logs</TargetBucket><TargetGrants>${elements.join("")}</TargetGrants><TargetPrefix>p/</TargetPrefix></LoggingEnabled></BucketLoggingStatus>`;
}

const configure = (body: string, as = ask) => as({ method: "PUT", path: "/box?logging", body });

/** Grants of a document: whom, and what. */
const grantsIn = (text: string) =>
  [
    ...text.matchAll(
      /<(?:ID|URI)>([^<]+)<\/(?:ID|URI)>(?:<DisplayName>[^<]*<\/DisplayName>)?<\/Grantee><Permission>(\w+)/g,
    ),
  ].map(([, whom, what]) => [whom, what]);

/** Logs a request, and gives the path of the log object. */
async function deliver(): Promise<string> {
  const accessLog = new AccessLog(clock, silent);
  const record = {
    ...{ bucket: "box", atMs: clock.now(), clientAddress: null, requester: null, requestId: "1", key: "k" },
    ...{ operation: "REST.GET.OBJECT", requestLine: "GET /box/k HTTP/1.1", status: 200, error: null, sentBytes: 1 },
    ...{ objectBytes: 1, totalMs: 1, turnaroundMs: 1, referer: null, userAgent: null, versionId: null, hostId: "2" },
    ...{ signature: null, cipher: null, authentication: null, host: null, tls: null },
  };
  accessLog.record(rig.store, record, { waitUntil: () => {} });
  await accessLog.flush(rig.store);
  await deliverLogs(rig.store, silent);
  const [, key = ""] = /<Key>([^<]+)<\/Key>/.exec(await done({ path: "/logs?list-type=2" })) ?? [];
  expect(key).not.toBe("");
  return `/logs/${key}`;
}

describe("TargetGrants", () => {
  it("are told as they were set, with canonical ids for addresses", async () => {
    const grants = [
      ["<EmailAddress>other@example.org</EmailAddress>", "READ"],
      [`<ID>${firstAccount.canonicalId}</ID>`, "WRITE"],
      [group("s3/LogDelivery"), "FULL_CONTROL"],
    ] as const;
    expect((await configure(granting(...grants))).status).toBe(200);
    expect(grantsIn(await done({ path: "/box?logging" }))).toEqual([
      [OTHER, "READ"],
      [firstAccount.canonicalId, "WRITE"],
      ["http://acs.amazonaws.com/groups/s3/LogDelivery", "FULL_CONTROL"],
    ]);
    expect((await configure(granting())).status).toBe(200);
    expect(await done({ path: "/box?logging" })).not.toContain("TargetGrants");
  });

  it("are the ACL of log objects, beside the full control of the bucket's owner", async () => {
    await configure(granting([`<ID>${OTHER}</ID>`, "READ"]));
    const path = await deliver();
    expect(grantsIn(await done({ path: `${path}?acl` }))).toEqual([
      [firstAccount.canonicalId, "FULL_CONTROL"],
      [OTHER, "READ"],
    ]);
    expect((await asOther({ path })).status).toBe(200);
    expect((await asOther({ path: `${path}?acl` })).code).toBe("AccessDenied");
    expect((await s3As(rig.store, nobody)({ path })).code).toBe("AccessDenied");
  });

  it("let nobody in where there are none", async () => {
    await configure(granting());
    expect((await asOther({ path: await deliver() })).code).toBe("AccessDenied");
  });

  it("to the public are taken where the target does not block them", async () => {
    const open = granting([group("global/AllUsers"), "READ"]);
    expect((await configure(open)).code).toBe("AccessDenied");
    await blockPublicAcls(false);
    expect((await configure(open)).status).toBe(200);
    expect((await s3As(rig.store, nobody)({ path: await deliver() })).status).toBe(200);
  });

  it("to the public grant nothing if the target has come to block them", async () => {
    await blockPublicAcls(false);
    await configure(granting([group("global/AllUsers"), "READ"], [`<ID>${OTHER}</ID>`, "READ"]));
    await blockPublicAcls(true);
    const path = await deliver();
    expect((await s3As(rig.store, nobody)({ path })).code).toBe("AccessDenied");
    expect((await asOther({ path })).status).toBe(200);
  });

  it("grant nothing if the target has come to disable its ACLs, not even when it enables them again", async () => {
    await configure(granting([`<ID>${OTHER}</ID>`, "READ"]));
    await setOwnership("BucketOwnerEnforced");
    const path = await deliver();
    expect((await asOther({ path })).code).toBe("AccessDenied");
    await setOwnership("BucketOwnerPreferred");
    expect((await asOther({ path })).code).toBe("AccessDenied");
  });

  it("are refused for a target with its ACLs disabled", async () => {
    await setOwnership("BucketOwnerEnforced");
    const refused = await configure(granting([`<ID>${OTHER}</ID>`, "READ"]));
    expect([refused.status, refused.code]).toEqual([400, "AccessControlListNotSupported"]);
    expect((await configure(granting())).status).toBe(200);
  });

  it.each([
    ["a permission that logs do not have", [[`<ID>${OTHER}</ID>`, "READ_ACP"]], "MalformedXML"],
    ["nobody", [["", "READ"]], "MalformedXML"],
    ["two at once", [[`<ID>${OTHER}</ID>${group("global/AllUsers")}`, "READ"]], "MalformedXML"],
    ["an unknown group", [[group("global/None"), "READ"]], "InvalidArgument"],
    ["an unknown account", [[`<ID>${"c".repeat(64)}</ID>`, "READ"]], "InvalidArgument"],
    ["an unknown address", [["<EmailAddress>a@b.example</EmailAddress>", "READ"]], "UnresolvableGrantByEmailAddress"],
    ["too many", Array.from({ length: 101 }, () => [`<ID>${OTHER}</ID>`, "READ"] as const), "MalformedACLError"],
  ] as const)("naming %s are refused", async (_, grants, code) => {
    expect((await configure(granting(...grants))).code).toBe(code);
    expect(await done({ path: "/box?logging" })).not.toContain("LoggingEnabled");
  });

  describe("of a caller with policies", () => {
    const logging = allowing(["s3:PutBucketLogging", "s3:GetBucketLogging"]);
    const granted = granting([`<ID>${OTHER}</ID>`, "READ"]);
    const as = (...policies: readonly unknown[]) => s3As(rig.store, user(firstAccount, policies));

    /** Lets the caller do this in the bucket of logs, beside the logging service. */
    async function setTargetPolicy(effect: "Allow" | "Deny", resource: string): Promise<void> {
      const document = JSON.parse(await done({ path: "/logs?policy" })) as { Statement: object[] };
      const Principal = { AWS: `arn:aws:iam::${firstAccount.accountId}:user/ann` };
      document.Statement.push({ Effect: effect, Principal, Action: "s3:PutObjectAcl", Resource: resource });
      await done({ method: "PUT", path: "/logs?policy", body: JSON.stringify(document) });
    }

    it("are refused to one who may set no ACLs in the target", async () => {
      const elsewhere = ["arn:aws:s3:::box/*", "arn:aws:s3:::logs/q/*", "arn:aws:s3:::logs/p/2026*"];
      for (const asCaller of [as(logging), as(logging, allowing("s3:PutObjectAcl", elsewhere))]) {
        expect((await configure(granted, asCaller)).code).toBe("AccessDenied");
        expect(await done({ path: "/box?logging" })).not.toContain("LoggingEnabled");
        expect((await configure(granting(), asCaller)).status).toBe(200);
        expect((await configure("<BucketLoggingStatus/>", asCaller)).status).toBe(200);
      }
    });

    it("are taken of one who may, by a policy of theirs or the target's", async () => {
      expect((await configure(granted, as(logging, allowing("s3:PutObjectAcl", "arn:aws:s3:::logs/p/*")))).status).toBe(
        200,
      );
      await setTargetPolicy("Allow", "arn:aws:s3:::logs/*");
      expect((await configure(granted, as(logging))).status).toBe(200);
    });

    it("are refused where the target's policy denies it", async () => {
      await setTargetPolicy("Deny", "arn:aws:s3:::logs/p/*");
      expect((await configure(granted, as(logging, allowing("s3:*")))).code).toBe("AccessDenied");
      expect((await configure(granting(), as(logging))).status).toBe(200);
    });
  });

  it("tell nothing of accounts to those who may not set them", async () => {
    const stranger = s3As(rig.store, user(firstAccount, [allowing("s3:GetBucketLogging")]));
    for (const address of ["a@b.example", "other@example.org"]) {
      const body = granting([`<EmailAddress>${address}</EmailAddress>`, "READ"]);
      expect((await configure(body, stranger)).code).toBe("AccessDenied");
    }
  });
});
