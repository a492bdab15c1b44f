import { openAnnotation } from "../src/store/annotations/annotations.ts";
import type { StoreContext } from "../src/store/context.ts";
import type { DeletionRefusal } from "../src/store/delete/delete.ts";
import { StoreError } from "../src/store/failure.ts";
import { openObject } from "../src/store/read/objects.ts";
import { Oracle, Violation } from "./oracle.ts";
import type { SeededRandom } from "./random.ts";
import type { World } from "./world.ts";

/** A version that was acknowledged and not removed since: it must be there, whatever else happens. */
export interface Version {
  bucket: string;
  key: string;
  versionId: string;
  etag: string;
}

/** More than this many are only removed, and do not outlive a rest. */
export const VERSIONS_MAX = 200;

/** The versions that must be there, with later changes to their tags and holds. */
export class Versions {
  readonly kept: Version[] = [];
  /** Models tags and legal holds of versions as `Oracle` does keys. */
  readonly said = new Oracle();

  /** A null version gives way to the next one: nothing is promised of it. */
  remember({ bucket, key }: { bucket: string; key: string }, written: { versionId?: string }, etag: string): void {
    const { versionId } = written;
    if (versionId !== undefined && versionId !== "null") this.kept.push({ bucket, key, versionId, etag });
  }

  /**
   * Removes a version that its key surely does not name any more; nothing is promised of it from
   * then on.
   */
  takeOld({ world, oracle }: { world: World; oracle: Oracle }, bucket?: string): Version | null {
    if (this.kept.length === 0) return null;
    const at = world.random.below(this.kept.length);
    const version = this.kept[at] as Version;
    if (bucket !== undefined && version.bucket !== bucket) return null;
    if (oracle.possible(`${version.bucket}/${version.key}`, oracle.tick()).has(version.etag)) return null;
    this.kept.splice(at, 1);
    return version;
  }

  /**
   * Checks the removal of a version, begun at `beganAt`: it was refused exactly if its legal hold
   * demands it.
   */
  checkRemoval(version: Version, refused: DeletionRefusal | "object-locked" | null, beganAt: number): void {
    const holds = this.said.possible(holdOf(version), beganAt);
    if (refused !== null) {
      if (!holds.has("ON")) throw new Violation(`${version.versionId} could not be removed, and nothing holds it`);
      this.kept.push(version);
    } else if (![...holds].some((hold) => hold !== "ON")) {
      throw new Violation(`${version.versionId} was removed although it is held`);
    }
  }

  /**
   * Drops promises until `VERSIONS_MAX` are left, whichever. Returns the names of the dropped ones,
   * to be looked up.
   */
  trim(random: SeededRandom): ReadonlySet<string> {
    while (this.kept.length > VERSIONS_MAX) this.kept.splice(random.below(this.kept.length), 1);
    return new Set(this.kept.map(({ bucket, versionId }) => `${bucket} ${versionId}`));
  }

  /** Checks a version to the last byte, with its tags and holds. */
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
    await checkAnnotation(this.said, store, version);
  }

  /** Drops facts that no later read can see. Call it while nothing is under way. */
  forgetPast(): void {
    const names = new Set(this.kept.flatMap((version) => [tagsOf(version), holdOf(version), annotationOf(version)]));
    for (const name of this.said.keys) {
      if (names.has(name)) this.said.forgetPast(name);
      else this.said.forget(name);
    }
    this.said.forgetBodies(new Set());
  }
}

export const tagsOf = ({ bucket, versionId }: Version) => `tags of ${bucket} ${versionId}`;
export const holdOf = ({ bucket, versionId }: Version) => `hold of ${bucket} ${versionId}`;
/** What the model of versions calls the annotation of one. */
export const annotationOf = ({ bucket, versionId }: Version) => `annotation of ${bucket} ${versionId}`;

/** Another name for each version: copies and renames take annotations along, and nothing is promised of theirs. */
export const noteOf = ({ versionId }: Version) => `note-${versionId}`;

/** Checks the annotation of a version to the last byte. */
async function checkAnnotation(said: Oracle, store: StoreContext, version: Version): Promise<void> {
  const beganAt = said.tick();
  const { etag: _, ...name } = version;
  try {
    const { annotation, read } = await openAnnotation(store, name, noteOf(version));
    said.checkRead(annotationOf(version), annotation.etag, beganAt);
    let at = 0;
    const body = await read();
    for (let piece = await body.next(); piece; piece = await body.next()) {
      said.checkBytes(annotationOf(version), annotation.etag, at, piece);
      at += piece.length;
    }
    if (at !== annotation.sizeBytes) throw new Violation(`${annotationOf(version)}: ${at} bytes came`);
  } catch (error) {
    if (!(error instanceof StoreError) || error.failure.kind !== "no-such-annotation") throw error;
    said.checkRead(annotationOf(version), null, beganAt);
  }
}
