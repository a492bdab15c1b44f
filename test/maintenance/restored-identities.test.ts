import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runJobs } from "../../src/maintenance/run/run-jobs.ts";
import { findSnapshots, SnapshotPieces } from "../../src/maintenance/snapshots/find-snapshots.ts";
import { restoreMetadata } from "../../src/maintenance/snapshots/restore.ts";
import { snapshot } from "../../src/maintenance/snapshots/snapshot.ts";
import { FIRST_ACCOUNT_ID } from "../../src/metadata/identities/accounts.ts";
import { deleteKey } from "../../src/metadata/identities/keys.ts";
import { allowing, People, rootVariables } from "../support/people.ts";
import { openTestStore, type TestStore } from "../support/store.ts";
import { ENDLESS, MaintenanceRig } from "./support/rig.ts";

let rig: MaintenanceRig;
const others: TestStore[] = [];
beforeEach(async () => {
  rig = await MaintenanceRig.open({ settings: { snapshotSeconds: 86_400, snapshotsKept: 2 } });
});
afterEach(async () => {
  for (const other of [rig.rig, ...others.splice(0)]) await other.dispose();
});

const facts = { context: () => undefined, now: () => Date.now() };
const asking = { action: "s3:GetObject", resource: "arn:aws:s3:::b/k", resourceAccountId: FIRST_ACCOUNT_ID };

/** The drives of the rig with a database that knows nothing of them. */
async function loseDatabase(): Promise<void> {
  const fresh = await openTestStore({ clock: rig.clock });
  others.push(fresh);
  (rig.rig as { d1: D1Database }).d1 = fresh.d1;
}

const tables = ["accounts", "access_keys", "entities", "memberships", "inline_policies", "policies", "attachments"];
async function contents(): Promise<Record<string, unknown[]>> {
  const all: Record<string, unknown[]> = {};
  for (const table of tables) {
    const rows = await rig.rows<Record<string, unknown>>(`SELECT * FROM ${table} ORDER BY 1, 2`);
    all[table] = rows.map(({ access_epoch: _, ...row }) => row);
  }
  return all;
}

describe("a lost database", () => {
  it("comes back with accounts, users, keys and policies, and every remembered key is read again", async () => {
    const before = new People(rig.store());
    const tenant = await before.account("tenant");
    const user = await before.user(allowing("s3:GetObject"), tenant.accountId);
    const gone = await before.user(allowing("s3:GetObject"));
    const roleId = await before.entity("role", allowing("s3:GetObject"));
    const session = before.session({ kind: "role", id: roleId, sessionName: "app" });
    const epochs = await rig.rows<{ access_epoch: number }>("SELECT access_epoch FROM accounts");
    await runJobs(rig.store(), [snapshot]);
    const kept = await contents();
    expect((await findSnapshots(rig.store())).complete).toHaveLength(1);
    await before.change(FIRST_ACCOUNT_ID, deleteKey(gone.accessKeyId));

    await loseDatabase();
    for (const name of ["drive-1", "drive-4"]) rig.drive(name).shards.clear();
    expect(await restoreMetadata(rig.store(), { snapshotId: null, budget: ENDLESS })).toMatchObject({
      state: "restored",
    });
    expect(await contents()).toEqual(kept);

    const after = new People(rig.store());
    for (const { accessKeyId, secret } of [
      user,
      gone,
      { accessKeyId: tenant.accessKeyId, secret: tenant.secretAccessKey },
    ]) {
      expect(await after.keys.ring.find(accessKeyId, undefined)).toMatchObject({ kind: "key", secret });
    }
    const found = await after.keys.ring.find(session.accessKeyId, session.sessionToken);
    if (found.kind !== "key") throw new Error(found.kind);
    expect(found.caller(facts).decide(asking).allowed).toBe(true);
    const restored = await rig.rows<{ access_epoch: number }>("SELECT access_epoch FROM accounts");
    expect(restored).not.toEqual(epochs);
    for (const { access_epoch } of restored) expect(access_epoch).toBeGreaterThanOrEqual(rig.clock.now());
  });

  it("has no secret in the clear on any drive, nor in D1", { tags: ["slow"] }, async () => {
    const people = new People(rig.store());
    const tenant = await people.account("tenant");
    const { secret } = await people.user();
    await runJobs(rig.store(), [snapshot]);
    const secrets = [secret, tenant.secretAccessKey, rootVariables.SHERD_SECRET_ACCESS_KEY];
    const [manifest] = (await findSnapshots(rig.store())).complete;
    if (manifest === undefined) throw new Error("there is no snapshot");
    const pieces = await SnapshotPieces.find(rig.store(), manifest);
    const texts = [JSON.stringify(await contents())];
    for (const piece of manifest.pieces) texts.push(JSON.stringify(await pieces.read(piece)));
    expect(texts.at(-1)).toContain("kept");
    expect(texts.slice(1).join("\n")).toContain(tenant.accessKeyId);
    for (const text of texts) for (const hidden of secrets) expect(text).not.toContain(hidden);
  });

  it("comes back without subscriptions to topics that were deleted before these were read", async () => {
    const subscribe = (id: string, topicId: number) =>
      rig.rows(
        `INSERT INTO subscriptions (id, topic_id, account_id, protocol, endpoint, origin, created_ms, attributes)
         VALUES ('${id}', ${topicId}, '1', 'https', 'https://example.com/', '{}', 0, '{}')`,
      );
    await rig.rows(`INSERT INTO topics (id, account_id, name, region, created_ms, revision, attributes)
                    VALUES (1, '1', 'kept', 'us-east-1', 0, 'r', '{}')`);
    await subscribe("kept", 1);
    await subscribe("orphan", 2);
    await runJobs(rig.store(), [snapshot]);
    await loseDatabase();
    await restoreMetadata(rig.store(), { snapshotId: null, budget: ENDLESS });
    expect(await rig.rows("SELECT id, topic_id FROM subscriptions")).toEqual([{ id: "kept", topic_id: 1 }]);
  });

  it("whose root secret is another one by now has nobody's key but the root's", async () => {
    const { accessKeyId } = await new People(rig.store()).user();
    await runJobs(rig.store(), [snapshot]);
    await loseDatabase();
    await restoreMetadata(rig.store(), { snapshotId: null, budget: ENDLESS });
    const other = new People(rig.store(), { ...rootVariables, SHERD_SECRET_ACCESS_KEY: "another root secret" });
    expect(await other.keys.ring.find(accessKeyId, undefined)).toEqual({ kind: "unknown" });
    expect((await other.keys.ring.find("ROOTKEY", undefined)).kind).toBe("key");
  });
});
