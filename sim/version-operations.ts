import { deleteObject } from "../src/store/delete/delete.ts";
import { putLegalHold, putTags } from "../src/store/write/amend.ts";
import { change, type Operation, refusal, survived } from "./operation.ts";
import { Violation } from "./oracle.ts";
import { holdOf, tagsOf, VERSIONS_MAX } from "./versions.ts";

/** Reads a version that must be there, or removes it. */
export async function oldVersion(operation: Operation): Promise<void> {
  const { world, oracle, versions, host } = operation;
  if (versions.kept.length === 0) return;
  if (world.random.chance(0.5) || versions.kept.length > VERSIONS_MAX) return removeVersion(operation);
  const version = world.random.pick(versions.kept);
  try {
    await survived(operation, versions.check(oracle, host.store, version));
  } catch (error) {
    if (error instanceof Violation) throw error;
    // Something may remove it in the midst of the read.
    refusal(error, versions.kept.includes(version) ? [] : ["no-such-version"]);
  }
}

async function removeVersion(operation: Operation): Promise<void> {
  const { versions, host } = operation;
  const version = versions.takeOld(operation);
  if (!version) return;
  const { etag: _, ...name } = version;
  const beganAt = versions.said.tick();
  const answer = await change(operation, [], () => deleteObject(host.store, name), { expected: ["object-locked"] });
  if (!answer) return;
  if ("result" in answer) versions.checkRemoval(version, null, beganAt);
  else if (answer.refused === "object-locked") versions.checkRemoval(version, answer.refused, beganAt);
}

/** Says something of a version that must be there: its tags, or whether it is held. */
export async function amendVersion(operation: Operation): Promise<void> {
  const { world, versions, host } = operation;
  if (versions.kept.length === 0) return;
  const version = world.random.pick(versions.kept);
  const { etag: _, ...name } = version;
  const holds = version.bucket === "locked" && world.random.chance(0.5);
  const value = holds ? world.random.pick(["ON", "OFF"] as const) : Buffer.from(world.random.bytes(8)).toString("hex");
  const made = versions.said.begin(holds ? holdOf(version) : tagsOf(version), value);
  const amend = () =>
    value === "ON" || value === "OFF"
      ? putLegalHold(host.store, name, value)
      : putTags(host.store, name, [["said", value]]);
  const answer = await change(operation, made, amend, { oracle: versions.said, expected: ["no-such-version"] });
  if (answer && "refused" in answer && answer.refused === "no-such-version" && versions.kept.includes(version)) {
    throw new Violation(`version ${version.versionId} is gone`);
  }
}
