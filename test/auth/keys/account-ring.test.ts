import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { rekeyAccount, setAccountState } from "../../../src/auth/accounts.ts";
import { AuthenticationError } from "../../../src/auth/authentication-error.ts";
import type { KeyLookup } from "../../../src/auth/keys/key-ring.ts";
import { resealKeys } from "../../../src/auth/keys/reseal.ts";
import { FIRST_ACCOUNT_ID } from "../../../src/metadata/identities/accounts.ts";
import { deleteEntity, putInlinePolicy, updateEntity } from "../../../src/metadata/identities/entities.ts";
import { deleteKey, setKeyStatus } from "../../../src/metadata/identities/keys.ts";
import { allowing, People, rootVariables } from "../../support/people.ts";
import { openTestStore, type TestStore } from "../../support/store.ts";

let rig: TestStore;
let people: People;
const facts = { context: () => undefined, now: () => Date.now() };
const reading = { action: "s3:GetObject", resource: "arn:aws:s3:::b/k", resourceAccountId: FIRST_ACCOUNT_ID };

beforeAll(async () => {
  rig = await openTestStore();
  people = new People(rig.store);
});
beforeEach(() => {
  rig.takeCost();
});
afterAll(() => rig.dispose());

async function find(accessKeyId: string, token?: string): Promise<KeyLookup> {
  return people.keys.ring.find(accessKeyId, token);
}
async function caller(accessKeyId: string, token?: string) {
  const found = await find(accessKeyId, token);
  if (found.kind !== "key") throw new Error(found.kind);
  return found.caller(facts);
}

describe("a user's key", () => {
  test("is read once and then known, with its policies", async () => {
    const { accessKeyId, secret, id } = await people.user(allowing("s3:GetObject"));
    rig.takeCost();
    expect(await find(accessKeyId)).toMatchObject({ kind: "key", secret, expiresMs: null });
    expect(rig.takeCost().roundTrips).toBe(1);
    const known = await caller(accessKeyId);
    expect(rig.takeCost().roundTrips).toBe(0);
    expect(known.principal).toMatchObject({ kind: "user", uniqueId: id, accountId: FIRST_ACCOUNT_ID });
    expect(known.decide(reading).allowed).toBe(true);
    expect(known.decide({ ...reading, action: "s3:PutObject" }).allowed).toBe(false);
    expect(known.decide({ ...reading, resourceAccountId: "123456789012" }).allowed).toBe(false);
  });

  test.each([
    ["deleted", (id: string) => deleteKey(id)],
    ["made inactive", (id: string) => setKeyStatus(id, "Inactive")],
  ])("that is %s is void for an isolate that knows it", async (_, change) => {
    const { accessKeyId } = await people.user();
    const known = await caller(accessKeyId);
    await people.change(FIRST_ACCOUNT_ID, change(accessKeyId));
    const guarded = rig.store.metadata.guardedBy((await caller(accessKeyId)).guard!);
    const error = await guarded.buckets.find("b").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AuthenticationError);
    expect((error as AuthenticationError).failure).toEqual({ kind: "unknownKey", accessKeyId });
    await expect(known.guard?.renew()).rejects.toThrow(AuthenticationError);
    expect(await find(accessKeyId)).toEqual({ kind: "unknown" });
  });

  test("that lost a permission cannot use what it was allowed, nor what comes later", async () => {
    const { accessKeyId, id } = await people.user(allowing("s3:GetObject"));
    await caller(accessKeyId);
    const during = await caller(accessKeyId);
    during.demand([reading]);
    await people.change(FIRST_ACCOUNT_ID, putInlinePolicy(id, { name: "inline", document: allowing("s3:PutObject") }));
    const guarded = rig.store.metadata.guardedBy(during.guard!);
    await expect(guarded.buckets.find("b")).rejects.toMatchObject({ name: "AccessRefused", ask: reading });
  });

  test("that gained a permission is allowed once it is confirmed", async () => {
    const { accessKeyId, id } = await people.user(allowing("s3:PutObject"));
    await caller(accessKeyId);
    const after = await caller(accessKeyId);
    expect(after.decide(reading).allowed).toBe(false);
    await people.change(FIRST_ACCOUNT_ID, putInlinePolicy(id, { name: "inline", document: allowing("s3:GetObject") }));
    rig.takeCost();
    await after.confirm();
    expect(after.decide(reading).allowed).toBe(true);
    await after.confirm();
    expect(rig.takeCost().roundTrips).toBe(2);
  });

  test("is not asked for where it cannot be: other forms cost no round trip", async () => {
    for (const id of ["", "AKIA", "AKIAIOSFODNN7EXAMPLE", "ASIAAAAAAAAAAAAAAAAA", "' OR 1=1 --", "x".repeat(10_000)]) {
      expect(await find(id)).toEqual({ kind: "unknown" });
    }
    expect(rig.takeCost().roundTrips).toBe(0);
  });

  test("whose secret another root sealed is nobody's, and the log says so", async () => {
    const { accessKeyId } = await people.user();
    const other = new People(rig.store, { ...rootVariables, SHERD_SECRET_ACCESS_KEY: "another root" });
    expect(await other.keys.ring.find(accessKeyId, undefined)).toEqual({ kind: "unknown" });
    expect(other.unreadable).toEqual([expect.stringContaining(accessKeyId)]);
  });

  test("survives a rotation of the root secret: opened by the previous one, sealed again, then without it", async () => {
    const { accessKeyId, secret } = await people.user();
    const rotating = new People(rig.store, {
      SHERD_ACCESS_KEY_ID: "ROOTKEY",
      SHERD_SECRET_ACCESS_KEY: "a new root secret",
      SHERD_PREVIOUS_SECRET_ACCESS_KEY: rootVariables.SHERD_SECRET_ACCESS_KEY,
    });
    expect(await rotating.keys.ring.find(accessKeyId, undefined)).toMatchObject({ kind: "key", secret });
    const { resealed, next } = await resealKeys(rig.store.metadata.identities.keys, rotating.keys.sealer, "");
    expect([resealed > 0, next]).toEqual([true, null]);
    const after = { SHERD_ACCESS_KEY_ID: "ROOTKEY", SHERD_SECRET_ACCESS_KEY: "a new root secret" };
    const rotated = new People(rig.store, after);
    expect(await rotated.keys.ring.find(accessKeyId, undefined)).toMatchObject({ kind: "key", secret });
    expect(await new People(rig.store).keys.ring.find(accessKeyId, undefined)).toEqual({ kind: "unknown" });
    const again = await resealKeys(rig.store.metadata.identities.keys, rotated.keys.sealer, "");
    expect(again).toMatchObject({ resealed: 0, unreadable: 0 });
    // The tests after this one go on with the old one.
    await resealKeys(
      rig.store.metadata.identities.keys,
      new People(rig.store, { ...rootVariables, SHERD_PREVIOUS_SECRET_ACCESS_KEY: "a new root secret" }).keys.sealer,
      "",
    );
  });
});

describe("another account", () => {
  test("has a root key, which is void while the account is closed", async () => {
    const account = await people.account("tenant");
    const root = await caller(account.accessKeyId);
    expect(root.principal).toMatchObject({ kind: "root", accountId: account.accountId });
    expect(root.guard).not.toBeNull();
    expect(root.decide(reading).allowed).toBe(false);
    expect(root.decide({ ...reading, resourceAccountId: account.accountId }).allowed).toBe(true);
    const { random, clock } = rig.store;
    const parts = { identities: people.identities, sealer: people.keys.sealer, random, nowMs: clock.now() };
    expect(await setAccountState(parts, account.accountId, "closed")).toMatchObject({ ok: true });
    await expect(root.confirm()).resolves.toBeUndefined(); // it was read for this very request
    await expect(root.guard?.renew()).rejects.toThrow(AuthenticationError);
    expect(await find(account.accessKeyId)).toEqual({ kind: "closed-account" });
    expect(await setAccountState(parts, account.accountId, "active")).toMatchObject({ ok: true });
    expect(await find(account.accessKeyId)).toMatchObject({ kind: "key" });
    expect(await setAccountState(parts, FIRST_ACCOUNT_ID, "closed")).toMatchObject({ ok: false });
  });
});

describe("a session of the root", () => {
  test("ends when the root's key is replaced, as do those of its federated users", async () => {
    const { accountId } = await people.account("rekeyed");
    const owners = [{ kind: "root" }, { kind: "federated", issuerId: null, name: "guest" }] as const;
    const issuedMs = Date.now() - 60_000;
    const made = owners.map((owner) => people.session(owner, { accountId, issuedMs }));
    for (const { accessKeyId, sessionToken } of made) await caller(accessKeyId, sessionToken);
    const { random } = rig.store;
    const parts = { identities: people.identities, sealer: people.keys.sealer, random, nowMs: Date.now() };
    expect(await rekeyAccount(parts, accountId)).toMatchObject({ ok: true });
    for (const { accessKeyId, sessionToken } of made) {
      const known = await caller(accessKeyId, sessionToken);
      await expect(known.guard?.renew()).rejects.toThrow(AuthenticationError);
      expect(await find(accessKeyId, sessionToken)).toEqual({ kind: "bad-token" });
    }
    const later = people.session({ kind: "root" }, { accountId, issuedMs: Date.now() + 1_000 });
    expect(await find(later.accessKeyId, later.sessionToken)).toMatchObject({ kind: "key" });
  });
});

describe("a session", () => {
  test("of a role has the role's policies, limited by those that were passed", async () => {
    const id = await people.entity("role", allowing("s3:*"));
    const owner = { kind: "role", id, sessionName: "app" } as const;
    const policyArns = ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"];
    const limited = people.session(owner, { policyArns, tags: [["team", "red"]] });
    rig.takeCost();
    const session = await caller(limited.accessKeyId, limited.sessionToken);
    expect(rig.takeCost().roundTrips).toBe(1);
    expect(session.principal).toMatchObject({
      kind: "roleSession",
      roleUniqueId: id,
      tags: new Map([["team", "red"]]),
    });
    expect(session.decide(reading).allowed).toBe(true);
    expect(session.decide({ ...reading, action: "s3:PutObject" }).allowed).toBe(false);
    await caller(limited.accessKeyId, limited.sessionToken);
    expect(rig.takeCost().roundTrips).toBe(0);
    const none = people.session(owner, { policy: allowing("s3:PutObject") });
    expect((await caller(none.accessKeyId, none.sessionToken)).decide(reading).allowed).toBe(false);
  });

  test("is void as soon as its role or user is gone", async () => {
    for (const kind of ["role", "user"] as const) {
      const id = await people.entity(kind, allowing("s3:*"));
      const owner = kind === "role" ? ({ kind, id, sessionName: "app" } as const) : ({ kind, id } as const);
      const { accessKeyId, sessionToken } = people.session(owner);
      await caller(accessKeyId, sessionToken);
      const known = await caller(accessKeyId, sessionToken);
      await people.change(FIRST_ACCOUNT_ID, deleteEntity(id));
      await expect(known.confirm()).rejects.toMatchObject({ failure: { kind: "invalidToken", token: sessionToken } });
      expect(await find(accessKeyId, sessionToken)).toEqual({ kind: "bad-token" });
    }
  });

  test("can be revoked by a policy on the time of its token", async () => {
    const id = await people.entity("role", allowing("s3:*"));
    const early = people.session({ kind: "role", id, sessionName: "app" }, { issuedMs: Date.now() - 60_000 });
    const late = people.session({ kind: "role", id, sessionName: "app" });
    const cutOff = new Date(Date.now() - 30_000).toISOString();
    const revoking = JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Action: "s3:*", Resource: "*" },
        { Effect: "Deny", Action: "*", Resource: "*", Condition: { DateLessThan: { "aws:TokenIssueTime": cutOff } } },
      ],
    });
    await people.change(FIRST_ACCOUNT_ID, putInlinePolicy(id, { name: "inline", document: revoking }));
    expect((await caller(early.accessKeyId, early.sessionToken)).decide(reading).allowed).toBe(false);
    expect((await caller(late.accessKeyId, late.sessionToken)).decide(reading).allowed).toBe(true);
  });

  test("of a federated user has nothing without a session policy", async () => {
    for (const issuerId of [null, await people.entity("user", allowing("s3:*"))]) {
      const owner = { kind: "federated", issuerId, name: "guest" } as const;
      const bare = people.session(owner);
      expect((await caller(bare.accessKeyId, bare.sessionToken)).decide(reading).allowed).toBe(false);
      const given = people.session(owner, { policy: allowing("s3:GetObject") });
      const session = await caller(given.accessKeyId, given.sessionToken);
      expect(session.principal).toMatchObject({ kind: "federatedUser", name: "guest" });
      expect(session.decide(reading).allowed).toBe(true);
      expect(session.decide({ ...reading, action: "s3:PutObject" }).allowed).toBe(false);
    }
  });

  test("has its own tag instead of its role's, though their cases differ", async () => {
    const id = await people.entity("role");
    const role = await people.identities.entities.findById(id);
    if (role === null) throw new Error("no role");
    await people.change(FIRST_ACCOUNT_ID, updateEntity({ ...role, tags: [["Team", "all"]] }));
    const made = people.session({ kind: "role", id, sessionName: "app" }, { tags: [["team", "one"]] });
    expect((await caller(made.accessKeyId, made.sessionToken)).principal).toMatchObject({
      tags: new Map([["team", "one"]]),
    });
  });

  test("of another server, for another key, or altered, is none", async () => {
    const id = await people.entity("role");
    const { accessKeyId, sessionToken } = people.session({ kind: "role", id, sessionName: "app" });
    const elsewhere = new People(rig.store, { ...rootVariables, SHERD_SECRET_ACCESS_KEY: "another" });
    expect(await elsewhere.keys.ring.find(accessKeyId, sessionToken)).toEqual({ kind: "bad-token" });
    expect(await find("ROOTKEY", sessionToken)).toEqual({ kind: "bad-token" });
    expect(await find(accessKeyId, sessionToken.slice(1))).toEqual({ kind: "bad-token" });
    expect(await find(accessKeyId)).toEqual({ kind: "unknown" });
  });
});
