import type { Deleted } from "../../aws/s3/delete.ts";
import type { ObjectRef } from "../../aws/s3/objects.ts";

/** Undo removes the delete markers that were made; of more than this it would be long work of its own. */
const UNDO_MAX = 1_000;

/** Counts what is deleted, and keeps what undoes it while that is little enough: a prefix may hold millions of keys. */
export class DeletedSoFar {
  #count = 0;
  #markers: Omit<ObjectRef, "bucket">[] = [];

  get count(): number {
    return this.#count;
  }

  /** The delete markers without which the versions below are current again; none if they are too many. */
  get markers(): readonly Omit<ObjectRef, "bucket">[] {
    return this.#markers;
  }

  add(deleted: readonly Deleted[]): void {
    this.#count += deleted.length;
    if (this.#count > UNDO_MAX) {
      this.#markers = [];
      return;
    }
    for (const { key, markerId } of deleted) if (markerId !== null) this.#markers.push({ key, versionId: markerId });
  }
}
