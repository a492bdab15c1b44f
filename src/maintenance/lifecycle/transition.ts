import type { VersionPlace, VersionTable } from "../../metadata/blobs/packing.ts";
import type { StoreContext } from "../../store/context.ts";

/** A version that is to move, as the walk found it. */
export interface TransitionTask {
  readonly table: VersionTable;
  readonly place: VersionPlace;
  readonly id: string;
  readonly storageClass: string;
  readonly to: string;
}

/** The port by which versions move to another storage class. */
export interface Transition {
  /** Returns whether it has moved. A version that has changed meanwhile stays. */
  move(store: StoreContext, task: TransitionTask, isSpent: () => boolean): Promise<boolean>;
}
