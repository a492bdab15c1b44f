import { expect, it } from "vitest";
import type { Caller } from "../../../src/auth/access.ts";
import { KeyUses } from "../../../src/auth/keys/uses.ts";
import { MetadataUnavailable } from "../../../src/metadata/database.ts";
import { ManualClock } from "../../support/manual-clock.ts";

it("a use is noted once an hour, a role's by its id, and none of the Worker's own key", async () => {
  const noted: unknown[] = [];
  let down = false;
  const note = async (uses: readonly unknown[]) => {
    if (down) throw new MetadataUnavailable("no");
    noted.push(...uses);
  };
  const clock = new ManualClock(1_000);
  const uses = new KeyUses({ keys: { noteUses: note, noteRoleUses: note } } as never, clock);
  const user = { principal: { kind: "user" }, accessKeyId: "AKIAX", guard: {} } as unknown as Caller;
  const role = { principal: { kind: "roleSession", roleUniqueId: "AROAX" }, accessKeyId: "ASIAX", guard: {} };
  const root = { principal: { kind: "root" }, accessKeyId: "AKIAROOT", guard: null } as unknown as Caller;
  for (let time = 0; time < 3; time++) await uses.note(user, "s3", "eu-west-1");
  await uses.note(role as unknown as Caller, "s3", "eu-west-1");
  await uses.note(root, "s3", "eu-west-1");
  expect(noted).toEqual([
    { keyId: "AKIAX", usedMs: 1_000, service: "s3", region: "eu-west-1" },
    { roleId: "AROAX", usedMs: 1_000, region: "eu-west-1" },
  ]);
  await clock.advance(3_600_000);
  down = true;
  await uses.note(user, "s3", "eu-west-1");
  down = false;
  await uses.note(user, "iam", "us-east-1");
  expect(noted.at(-1)).toMatchObject({ keyId: "AKIAX", service: "iam" });
});
