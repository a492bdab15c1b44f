import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Caller } from "../../src/auth/access.ts";
import { RequestCaller } from "../../src/auth/caller.ts";
import { firstAccount, rootOf } from "../../src/auth/principal.ts";
import type { CallersKeys } from "../../src/keyring/callers-keys.ts";
import { DataKeyring } from "../../src/keyring/data-keyring.ts";
import type { ExternalKms } from "../../src/keyring/external/external-kms.ts";
import { DataKeyRefused } from "../../src/sealing/data-keys.ts";
import { allow, KmsRig } from "../services/kms/support/kms.ts";
import { otherAccount } from "../support/s3-as.ts";

let rig: KmsRig;
let isolate: DataKeyring;
beforeEach(async () => {
  rig = await KmsRig.open();
  isolate = new DataKeyring(rig.keyring, rig.test.store.metadata.keyring);
});
afterEach(() => rig.dispose());

const context = { "aws:s3:arn": "arn:aws:s3:::holiday/photo.jpg" };
const ofBucket = { "aws:s3:arn": "arn:aws:s3:::holiday" };
const arnOf = (id: string) => `arn:aws:kms:us-east-1:100000000001:key/${id}`;

/** What a request's own D1 batch would do: read through the guard. Costs one round trip. */
async function readThrough({ guard }: CallersKeys): Promise<void> {
  const { metadata } = rig.test.store;
  await (guard === null ? metadata : metadata.guardedBy(guard)).drives.look();
}

async function generate(keys: CallersKeys, keyId: string | null, more: object = {}) {
  const made = await keys.generate({ keyId, context, mayReuse: false, ...more });
  if (!made.ok) throw new Error(JSON.stringify(made.failure));
  return made;
}

/** The round trips that `work` costs. */
async function roundTrips(work: () => Promise<unknown>): Promise<number> {
  rig.test.takeCost();
  await work();
  return rig.test.takeCost().roundTrips;
}

/** A request of the first account's root, or of `caller`, in this isolate. */
const request = (caller: Caller = rig.root()) => isolate.forCaller(caller);

describe("data keys", () => {
  it("open with their context, for the caller's own kms:Decrypt", async () => {
    const keyId = await rig.key();
    const made = await generate(request(), keyId);
    expect(made).toMatchObject({ keyArn: arnOf(keyId), plain: expect.any(Uint8Array) });
    expect(made.plain).toHaveLength(32);
    expect(made.sealed.length).toBeLessThan(200);
    const sealed = { sealed: made.sealed, keyArn: made.keyArn, context };
    expect(await request().open(sealed)).toEqual({ ok: true, plain: made.plain });
    for (const other of [{}, ofBucket]) {
      expect(await request().open({ ...sealed, context: other })).toMatchObject({
        failure: { kind: "invalid-ciphertext" },
      });
    }
    expect(await request().open({ ...sealed, sealed: "AAAA" })).toMatchObject({
      failure: { kind: "invalid-ciphertext" },
    });
    const ann = (...actions: string[]) => request(rig.user("ann", actions.length === 0 ? [] : [allow(actions)]));
    expect(await ann("kms:Decrypt").open(sealed)).toMatchObject({ ok: true });
    expect(await ann("kms:GenerateDataKey").open(sealed)).toMatchObject({
      failure: {
        kind: "access-denied",
        message: `User: arn:aws:iam::100000000001:user/ann is not authorized to perform: kms:Decrypt on resource: ${arnOf(keyId)} because no identity-based policy allows the kms:Decrypt action`,
      },
    });
    expect(await ann("kms:Decrypt").generate({ keyId, context, mayReuse: false })).toMatchObject({
      failure: { kind: "access-denied" },
    });
    expect(await request(rig.nobody()).open(sealed)).toMatchObject({ ok: false });
    expect(await request(rig.nobody()).generate({ keyId, context, mayReuse: false })).toMatchObject({
      failure: { kind: "access-denied" },
    });
  });

  it.each([
    ["no key", "11111111-2222-4333-8444-555555555555", "not-found"],
    ["no alias", "alias/none", "not-found"],
    ["nonsense", "nonsense", "not-found"],
    [
      "a key of another account",
      "arn:aws:kms:us-east-1:200000000002:key/11111111-2222-4333-8444-555555555555",
      "access-denied",
    ],
  ])("are refused for %s", async (_, keyId, kind) => {
    expect(await request().generate({ keyId, context, mayReuse: false })).toMatchObject({
      ok: false,
      failure: { kind },
    });
  });

  it("are asked for via S3: policies can tell", async () => {
    const keyId = await rig.key();
    const via = (service: string) => [
      allow("kms:*", "*", { Condition: { StringEquals: { "kms:ViaService": service } } }),
    ];
    await generate(request(rig.user("ann", via("s3.us-east-1.amazonaws.com"))), keyId);
    const other = await request(rig.user("ann", via("sqs.us-east-1.amazonaws.com"))).generate({
      keyId,
      context,
      mayReuse: false,
    });
    expect(other).toMatchObject({ failure: { kind: "access-denied" } });
  });

  it("of other accounts' keys need both sides", async () => {
    const Principal = { AWS: [firstAccount.accountId, otherAccount.accountId] };
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [allow("kms:*", "*", { Principal })] });
    const keyId = arnOf(await rig.key({ Policy }));
    await generate(request(rig.root(otherAccount)), keyId);
    await generate(request(rig.user("eve", [allow("kms:GenerateDataKey")], otherAccount)), keyId);
    const alsoDecrypt = { context, mayReuse: false, alsoDecrypt: true };
    const guest = request(rig.root(otherAccount));
    expect(await roundTrips(() => generate(guest, keyId, alsoDecrypt))).toBe(1);
    const half = request(rig.user("eve", [allow("kms:GenerateDataKey")], otherAccount));
    expect(await half.generate({ keyId, ...alsoDecrypt })).toMatchObject({ failure: { kind: "access-denied" } });
    expect(
      await request(rig.user("eve", [], otherAccount)).generate({ keyId, context, mayReuse: false }),
    ).toMatchObject({
      failure: { kind: "access-denied" },
    });
  });
});

it("a key that no root secret opens is refused, not out of reach", async () => {
  const keyId = await rig.key();
  const { keyring } = await KmsRig.open({ beside: rig, rootSecrets: ["another root secret of a test"] });
  const elsewhere = new DataKeyring(keyring, rig.test.store.metadata.keyring).forCaller(rig.root());
  const made = await elsewhere.generate({ keyId, context, mayReuse: false });
  expect(made).toMatchObject({ ok: false, failure: { kind: "access-denied" } });
});

describe("alias/aws/s3", () => {
  it("is made on first use, once, for each account", async () => {
    const made = await Promise.all(
      [1, 2, 3].map(() =>
        generate(new DataKeyring(rig.keyring, rig.test.store.metadata.keyring).forCaller(rig.root()), null),
      ),
    );
    expect(new Set(made.map(({ keyArn }) => keyArn)).size).toBe(1);
    const { KeyMetadata } = await rig.ok("DescribeKey", { KeyId: "alias/aws/s3" });
    expect(KeyMetadata).toMatchObject({ KeyManager: "AWS", Arn: made[0]?.keyArn });
    const foreign = await generate(request(rig.root(otherAccount)), null);
    expect(foreign.keyArn).toContain(":200000000002:key/");
    const sealed = { sealed: foreign.sealed, keyArn: foreign.keyArn, context };
    expect(await request().open(sealed)).toMatchObject({ failure: { kind: "access-denied" } });
    expect(await request(rig.user("eve", [], otherAccount)).open(sealed)).toMatchObject({ ok: true });
  });

  it("is used through S3 alone, and managed by nobody", async () => {
    await generate(request(), null);
    const { KeyId } = (await rig.ok("DescribeKey", { KeyId: "alias/aws/s3" })).KeyMetadata;
    const inputs = {
      Encrypt: { Plaintext: "YQ==" },
      DisableKey: {},
      ScheduleKeyDeletion: {},
      PutKeyPolicy: { Policy: "{}" },
      RotateKeyOnDemand: {},
    };
    for (const [operation, input] of Object.entries(inputs)) {
      expect([operation, await rig.code(rig.root(), operation, { KeyId, ...input })]).toEqual([
        operation,
        "AccessDeniedException",
      ]);
    }
    expect(await rig.code(rig.root(), "DeleteAlias", { AliasName: "alias/aws/s3" })).toBe("AccessDeniedException");
  });
});

describe("what an isolate remembers", () => {
  it("costs no D1 round trip, neither for a write nor for a read", async () => {
    const keyId = await rig.key();
    const made = await generate(request(), keyId);
    const write = async () => {
      const keys = request();
      await generate(keys, keyId);
      await readThrough(keys);
    };
    const read = async () => {
      const keys = request();
      await readThrough(keys);
      expect(await keys.open({ sealed: made.sealed, keyArn: made.keyArn, context })).toMatchObject({ ok: true });
    };
    // The request's own batch is the one round trip.
    expect([await roundTrips(write), await roundTrips(read)]).toEqual([1, 1]);
  });

  it("guards nothing in an isolate that has used no key", async () => {
    const keys = request();
    expect(keys.guard?.epoch()).toBeNull();
    expect(await roundTrips(() => readThrough(keys))).toBe(1);
  });

  const changes: [string, (keyId: string) => Promise<unknown>, string][] = [
    ["disabled", (KeyId) => rig.ok("DisableKey", { KeyId }), "disabled"],
    ["to be deleted", (KeyId) => rig.ok("ScheduleKeyDeletion", { KeyId }), "pending-deletion"],
    [
      "denied by its policy",
      (KeyId) => {
        const Statement = [
          allow("kms:*", "*", { Principal: { AWS: firstAccount.accountId } }),
          { ...allow(["kms:Decrypt", "kms:GenerateDataKey"], "*", { Principal: "*" }), Effect: "Deny" },
        ];
        return rig.ok("PutKeyPolicy", { KeyId, Policy: JSON.stringify({ Version: "2012-10-17", Statement }) });
      },
      "access-denied",
    ],
  ];

  it.each(changes)("is void as soon as the key is %s in another isolate", async (_, change, kind) => {
    const keyId = await rig.key();
    const made = await generate(request(), keyId);
    const [writing, reading] = [request(), request()];
    await generate(writing, keyId);
    await change(keyId);
    await expect(readThrough(writing)).rejects.toMatchObject({ name: "DataKeyRefused", failure: { kind } });
    await readThrough(reading);
    const opened = await reading.open({ sealed: made.sealed, keyArn: made.keyArn, context });
    expect(opened).toMatchObject({ ok: false, failure: { kind } });
    expect(await request().generate({ keyId, context, mayReuse: false })).toMatchObject({ failure: { kind } });
  });

  it("refuses nobody without having read it anew", async () => {
    const keyId = await rig.key();
    await generate(request(), keyId);
    await rig.ok("DisableKey", { KeyId: keyId });
    expect(await request().generate({ keyId, context, mayReuse: false })).toMatchObject({ ok: true });
    await readThrough(request());
    expect(await request().generate({ keyId, context, mayReuse: false })).toMatchObject({
      failure: { kind: "disabled" },
    });
    await rig.ok("EnableKey", { KeyId: keyId });
    await generate(request(), keyId);
  });

  it("is not opened with before a batch of the request has found out", async () => {
    const keyId = await rig.key();
    const made = await generate(request(), keyId);
    await rig.ok("DisableKey", { KeyId: keyId });
    const opened = await request().open({ sealed: made.sealed, keyArn: made.keyArn, context });
    expect(opened).toMatchObject({ failure: { kind: "disabled" } });
  });

  it("is looked at again if another key of the request shows that the account has changed", async () => {
    const [one, two] = [await rig.key(), await rig.key()];
    await generate(request(), one);
    const keys = request();
    await generate(keys, one);
    await rig.ok("DisableKey", { KeyId: one });
    expect(await keys.generate({ keyId: two, context, mayReuse: false })).toMatchObject({
      failure: { kind: "disabled" },
    });
  });

  it("follows an alias that moves", async () => {
    const [one, two] = [await rig.key(), await rig.key()];
    await rig.ok("CreateAlias", { AliasName: "alias/app", TargetKeyId: one });
    expect((await generate(request(), "alias/app")).keyArn).toBe(arnOf(one));
    await rig.ok("UpdateAlias", { AliasName: "alias/app", TargetKeyId: two });
    await readThrough(request());
    expect((await generate(request(), "alias/app")).keyArn).toBe(arnOf(two));
  });

  it("goes with the caller's own guard, which it includes", async () => {
    const keyId = await rig.key();
    const { keyring } = rig.test.store.metadata;
    const epoch = async () => (await keyring.epoch(firstAccount.accountId)) as number;
    const seen = await epoch();
    let renewed = 0;
    const facts = { context: () => undefined, now: () => rig.clock.now() };
    const identity = { principal: rootOf(firstAccount), identityPolicies: [] };
    const readAgain = async () => {
      renewed++;
      return { identity, epoch: await epoch() };
    };
    const renewal = { accountId: firstAccount.accountId, epoch: seen, isFresh: false, readAgain, readEpoch: epoch };
    const keys = request(new RequestCaller({ identity, accessKeyId: "AKIA", facts, renewal }));
    await generate(keys, keyId);
    await rig.ok("DisableKey", { KeyId: keyId });
    await expect(readThrough(keys)).rejects.toBeInstanceOf(DataKeyRefused);
    expect(renewed).toBe(1);
  });
});

describe("bucket keys", () => {
  it("are used again for five minutes by the same caller", async () => {
    const keyId = await rig.key();
    const again = (keys = request(), about = ofBucket) => generate(keys, keyId, { mayReuse: true, context: about });
    const first = await again();
    expect((await again()).sealed).toBe(first.sealed);
    expect((await generate(request(), keyId, { context: ofBucket })).sealed).not.toBe(first.sealed);
    expect((await again(request(rig.user("ann", [allow("kms:*")])))).sealed).not.toBe(first.sealed);
    expect((await again(request(), { "aws:s3:arn": "arn:aws:s3:::other" })).sealed).not.toBe(first.sealed);
    await rig.clock.advance(5 * 60_000);
    expect((await again()).sealed).not.toBe(first.sealed);
    await rig.ok("DisableKey", { KeyId: keyId });
    await readThrough(request());
    expect(await request().generate({ keyId, context: ofBucket, mayReuse: true })).toMatchObject({
      failure: { kind: "disabled" },
    });
  });

  it("spare a KMS that holds the key elsewhere", async () => {
    const calls: string[] = [];
    const kms: ExternalKms = {
      encrypt: async (key, plain) => {
        calls.push(`encrypt ${key}`);
        return { ok: true, bytes: plain };
      },
      decrypt: async (key, sealed) => {
        calls.push(`decrypt ${key}`);
        return { ok: true, bytes: sealed };
      },
    };
    rig.external.set("far", { kms, accounts: [firstAccount.accountId] });
    const keyId = await rig.key({ Origin: "EXTERNAL_KEY_STORE", CustomKeyStoreId: "far", XksKeyId: "k" });
    for (let count = 0; count < 5; count++) {
      const made = await generate(request(), keyId, { mayReuse: true, context: ofBucket });
      const opened = await request().open({ sealed: made.sealed, keyArn: made.keyArn, context: ofBucket });
      expect(opened).toEqual({ ok: true, plain: made.plain });
    }
    expect(calls).toEqual(["encrypt k", "decrypt k"]);
    // What is remembered of one key does not open what claims to be another's.
    const otherId = await rig.key({ Origin: "EXTERNAL_KEY_STORE", CustomKeyStoreId: "far", XksKeyId: "other" });
    const { sealed, keyArn } = await generate(request(), keyId, { mayReuse: true, context: ofBucket });
    const asOther = { sealed, keyArn: keyArn.replace(keyId, otherId), context: ofBucket };
    expect(await request().open(asOther)).toMatchObject({ ok: false });
    const one = await generate(request(), keyId);
    for (let count = 0; count < 2; count++) await request().open({ sealed: one.sealed, keyArn: one.keyArn, context });
    expect(calls.slice(2)).toEqual(["encrypt k", "decrypt k", "decrypt k"]);
  });
});
