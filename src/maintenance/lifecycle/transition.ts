import type { StoreContext } from "../../store/context.ts";
import type { ClassMove, VersionToMove } from "../../store/tiers/class-move.ts";
import { moveToClass } from "../../store/tiers/move-to-class.ts";

/** A version that is to move, from the walk. */
export type TransitionTask = VersionToMove & { to: string };

/** The port for moves of versions to another storage class. */
export interface Transition {
  /**
   * Returns the result. A version that has changed meanwhile stays; `in-part`: time was over, so
   * call again.
   */
  move(store: StoreContext, task: TransitionTask, isSpent: () => boolean): Promise<ClassMove["kind"]>;
}

/**
 * By `moveToClass`. Versions that cannot be moved now stay for the next walk, and the log says why.
 */
export const moveByClass: Transition = {
  async move(store, { to, ...version }, isSpent) {
    const moved = await moveToClass(store, version, to, { isSpent });
    if (moved.kind === "failed") store.tell?.(`a version could not be moved to ${to}: ${moved.failure.kind}`);
    return moved.kind;
  },
};
