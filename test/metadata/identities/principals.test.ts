import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GuardError, TakenError } from "../../../src/metadata/database.ts";
import { count, FIRST_ACCOUNT_ID } from "../../../src/metadata/identities/accounts.ts";
import {
  type EntityKind,
  type EntityRow,
  insertEntity,
  insertMembership,
  putInlinePolicy,
  updateEntity,
} from "../../../src/metadata/identities/entities.ts";
import { insertKey } from "../../../src/metadata/identities/keys.ts";
import { attach, insertPolicy } from "../../../src/metadata/identities/policies.ts";
import { openTestStore, type TestStore } from "../../support/store.ts";

let rig: TestStore;
const account = FIRST_ACCOUNT_ID;

beforeAll(async () => {
  rig = await openTestStore({ countsRows: true });
});
afterAll(() => rig.dispose());

function entity(kind: EntityKind, id: string, name = id, path = "/"): EntityRow {
  const role = { trust: null, description: null, maxSessionSeconds: null, usedMs: null, usedRegion: null };
  return { id, accountId: account, kind, name, path, createdMs: 5, tags: [], boundary: null, ...role };
}

function policy(name: string) {
  const arn = `arn:aws:iam::${account}:policy/${name}`;
  const times = { createdMs: 1, updatedMs: 1 };
  const document = `{"Id":"${name}"}`;
  return {
    arn,
    id: `ANPA${name}`,
    accountId: account,
    name,
    path: "/",
    description: null,
    ...times,
    tags: [],
    document,
  };
}

const identities = () => rig.store.metadata.identities;

async function epoch(): Promise<number> {
  return (await identities().accounts.find(account))?.accessEpoch ?? 0;
}

async function change(...statements: Parameters<ReturnType<typeof identities>["accounts"]["change"]>[1]) {
  return identities().accounts.change({ id: account, seen: await epoch(), nowMs: 1 }, statements);
}

describe("who a key belongs to", () => {
  it("is one round trip and few rows, with the policies of user, groups and boundary", async () => {
    const boundary = policy("limits").arn;
    await change(
      ...insertPolicy(policy("limits")),
      ...insertPolicy(policy("own")),
      ...insertPolicy(policy("shared")),
      insertEntity({ ...entity("user", "AIDA1", "Ann"), boundary, tags: [["team", "blue"]] }),
      insertEntity(entity("group", "AGPA1", "devs")),
      insertMembership("AGPA1", "AIDA1"),
      ...attach(account, "AIDA1", policy("own").arn),
      ...attach(account, "AIDA1", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"),
      ...attach(account, "AGPA1", policy("shared").arn),
      putInlinePolicy("AIDA1", { name: "mine", document: "{}" }),
      putInlinePolicy("AGPA1", { name: "ours", document: "[]" }),
      insertKey({ id: "AKIA1", accountId: account, ownerId: "AIDA1", secret: "sealed", createdMs: 1 }),
    );
    rig.takeCost();
    const found = await identities().principals.ofKey("AKIA1");
    const cost = rig.takeCost();
    expect(found).toMatchObject({
      secret: "sealed",
      status: "Active",
      account: { id: account, state: "active", accessEpoch: await epoch() },
      entity: { id: "AIDA1", name: "Ann", tags: [["team", "blue"]] },
    });
    expect(new Set(found?.policies)).toEqual(
      new Set([
        { name: "mine", document: "{}", by: "self" },
        { name: "ours", document: "[]", by: "group" },
        { name: policy("own").arn, document: policy("own").document, by: "self" },
        { name: "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess", document: null, by: "self" },
        { name: policy("shared").arn, document: policy("shared").document, by: "group" },
        { name: boundary, document: policy("limits").document, by: "boundary" },
      ]),
    );
    expect(cost.roundTrips).toBe(1);
    expect(cost.rowsRead).toBeLessThanOrEqual(40);
  });

  it("is nobody if the user is gone, or there is no such key", async () => {
    await change(insertKey({ id: "AKIA2", accountId: account, ownerId: "AIDAgone", secret: "x", createdMs: 1 }));
    expect(await identities().principals.ofKey("AKIA2")).toBeNull();
    expect(await identities().principals.ofKey("AKIA3")).toBeNull();
    expect(await identities().principals.ofEntity("AROAgone")).toBeNull();
  });

  it("is the root if the key is the account's own", async () => {
    await change(insertKey({ id: "AKIA4", accountId: account, ownerId: account, secret: "x", createdMs: 1 }));
    expect(await identities().principals.ofKey("AKIA4")).toMatchObject({ entity: null, policies: [] });
    expect(await identities().principals.ofRoot(account)).toMatchObject({ entity: null, account: { id: account } });
  });
});

describe("a change", () => {
  it("raises the epoch, and nothing of it is applied if the epoch was raised meanwhile", async () => {
    const seen = await epoch();
    expect(await change(insertEntity(entity("user", "AIDA9")))).toBeGreaterThan(seen);
    const late = identities().accounts.change({ id: account, seen, nowMs: 1 }, [
      insertEntity(entity("user", "AIDA8")),
      count(account, "users", 1),
    ]);
    await expect(late).rejects.toThrow(GuardError);
    expect(await identities().entities.findById("AIDA8")).toBeNull();
  });

  it("never gives two entities of a kind names that differ by case alone", async () => {
    await change(insertEntity(entity("role", "AROA1", "Ops")));
    await expect(change(insertEntity(entity("role", "AROA2", "oPS")))).rejects.toThrow(TakenError);
    await change(insertEntity(entity("group", "AGPA2", "ops")));
    expect(await identities().entities.find(account, "role", "OPS")).toMatchObject({ id: "AROA1", name: "Ops" });
    await change(updateEntity(entity("role", "AROA1", "Operators")));
    expect(await identities().entities.find(account, "role", "ops")).toBeNull();
  });
});

describe("a listing of 10,000 users", () => {
  it("reads two rows per entry on any page", { tags: ["slow"] }, async () => {
    const rows = Array.from({ length: 10_000 }, (_, index) => {
      const id = `AIDAX${`${index}`.padStart(5, "0")}`;
      return [id, account, "user", id.toLowerCase(), id, index % 2 === 0 ? "/even/" : "/odd/", 1];
    });
    const insert = `INSERT INTO entities (id, account_id, kind, folded, name, path, created_ms)
       SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6 FROM json_each(?1)`;
    await rig.d1.batch([rig.d1.prepare(insert).bind(JSON.stringify(rows))]);
    for (const pathPrefix of ["/", "/even/", "/odd/"]) {
      const found: string[] = [];
      let after: EntityRow | null = null;
      do {
        rig.takeCost();
        const page: EntityRow[] = await identities().entities.list({
          accountId: account,
          kind: "user",
          pathPrefix,
          after,
          limit: 1_000,
        });
        const { roundTrips, rowsRead } = rig.takeCost();
        expect(roundTrips).toBe(1);
        expect(rowsRead).toBeLessThanOrEqual(2 * page.length + 2);
        found.push(...page.slice(0, 1_000).map(({ name }) => name));
        after = page.length > 1_000 ? (page[999] as EntityRow) : null;
      } while (after !== null);
      const expected = rows.filter(([, , , , , path]) => pathPrefix === "/" || path === pathPrefix);
      expect(found.filter((name) => name.startsWith("AIDAX"))).toEqual(expected.map(([id]) => id));
      expect(new Set(found).size).toBe(found.length);
    }
  });
});
