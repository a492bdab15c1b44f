import type { StoreContext } from "../src/store/context.ts";
import { type DeletionRefusal, deleteObject } from "../src/store/delete/delete.ts";
import { openObject } from "../src/store/read/objects.ts";
import { putLegalHold, putTags } from "../src/store/write/amend.ts";
import { change, type Operation, refusal, survived } from "./operation.ts";
import { Oracle, Violation } from "./oracle.ts";
import type { SeededRandom } from "./random.ts";

/** A version that was acknowledged and not removed since: it must be there, whatever else happens. */
export interface Version {
  bucket: string;
  key: string;
  versionId: string;
  etag: string;
}

/** More than so many are only removed, and do not outlive a rest. */
const VERSIONS_MAX = 200;

/** The versions that must be there, and what was said of them since they were written. */
export class Versions {
  readonly kept: Version[] = [];
  /** Models tags and legal holds of versions as `Oracle` does keys. */
  readonly said = new Oracle();

  /** A null version gives way to the next one: nothing is promised of it. */
  remember({ bucket, key }: { bucket: string; key: string }, written: { versionId?: string }, etag: string): void {
    const { versionId } = written;
    if (versionId !== undefined && versionId !== "null") this.kept.push({ bucket, key, versionId, etag });
  }

  /** Takes one out that its key surely does not name any more; nothing is promised of it from then on. */
  takeOld({ world, oracle }: Operation, bucket?: string): Version | null {
    if (this.kept.length === 0) return null;
    const at = world.random.below(this.kept.length);
    const version = this.kept[at] as Version;
    if (bucket !== undefined && version.bucket !== bucket) return null;
    if (oracle.possible(`${version.bucket}/${version.key}`, oracle.tick()).has(version.etag)) return null;
    this.kept.splice(at, 1);
    return version;
  }

  /** Checks whether the removal of a version that was taken out, begun at `beganAt`, was refused or not as its legal hold demands. */
  checkRemoval(version: Version, refused: DeletionRefusal | "object-locked" | null, beganAt: number): void {
    const holds = this.said.possible(holdOf(version), beganAt);
    if (refused !== null) {
      if (!holds.has("ON")) throw new Violation(`${version.versionId} could not be removed, and nothing holds it`);
      this.kept.push(version);
    } else if (![...holds].some((hold) => hold !== "ON")) {
      throw new Violation(`${version.versionId} was removed although it is held`);
    }
  }

  /** Promises nothing any more of so many that `VERSIONS_MAX` are left, whichever. Gives the names of those, to be looked up. */
  trim(random: SeededRandom): ReadonlySet<string> {
    while (this.kept.length > VERSIONS_MAX) this.kept.splice(random.below(this.kept.length), 1);
    return new Set(this.kept.map(({ bucket, versionId }) => `${bucket} ${versionId}`));
  }

  /** Checks a version to the last byte, with all that was said of it. */
  async check(oracle: Oracle, store: StoreContext, version: Version): Promise<void> {
    const { etag, ...name } = version;
    const beganAt = this.said.tick();
    const { head, read } = await openObject(store, name);
    if (head.etag !== etag) throw new Violation(`version ${name.versionId} has another ETag`);
    this.said.checkRead(tagsOf(version), head.tags[0]?.[1] ?? null, beganAt);
    this.said.checkRead(holdOf(version), head.lock.legalHold, beganAt);
    const body = await read({ offset: 0, length: head.sizeBytes });
    let at = 0;
    for (let piece = await body.next(); piece; piece = await body.next()) {
      oracle.checkBytes(name.key, etag, at, piece);
      at += piece.length;
    }
    if (at !== oracle.bytesOf(etag)?.length) throw new Violation(`version ${name.versionId}: ${at} bytes came`);
  }

  /** Drops what no read can see any more. Call it while nothing is under way. */
  forgetPast(): void {
    const names = new Set(this.kept.flatMap((version) => [tagsOf(version), holdOf(version)]));
    for (const name of this.said.keys) {
      if (names.has(name)) this.said.forgetPast(name);
      else this.said.forget(name);
    }
  }
}

const tagsOf = ({ bucket, versionId }: Version) => `tags of ${bucket} ${versionId}`;
const holdOf = ({ bucket, versionId }: Version) => `hold of ${bucket} ${versionId}`;

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
