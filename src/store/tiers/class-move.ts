import type { VersionPlace, VersionTable } from "../../metadata/blobs/packing.ts";
import type { StoreFailure } from "../failure.ts";
import type { PackMemory } from "./rewrite-extents.ts";

/** A version that is to move to another storage class, from a scan of its table. */
export interface VersionToMove {
  table: VersionTable;
  place: VersionPlace;
  /**
   * Of the version. It is unguessable. A version that is replaced, appended to or renamed gets
   * another id, or another place.
   */
  id: string;
  /** Its class in the scan: a version with another class by now is not moved. */
  storageClass: string;
}

/** Limits of a move. Absent: none. */
export interface MoveLimits {
  /** Called between two new blobs; true: the next call moves the rest. */
  isSpent?: () => boolean;
  /** Shared by all moves of a run. Absent: each object of a pack reads the pack. */
  packs?: PackMemory;
}

/**
 * Result of a move. Only `moved` changes the version's class; LastModified, ETag and version id
 * never change.
 */
export type ClassMove =
  /** `bytes`: number of rewritten bytes; 0: they were there already, or are in the row. */
  | { kind: "moved"; bytes: number }
  /** Some of its bytes are in the new class, the class is still the old one: call again. */
  | { kind: "in-part"; bytes: number }
  /** It has the class already. */
  | { kind: "unchanged" }
  /** It is gone, was replaced or moved, or has another class than expected. Nothing changed. */
  | { kind: "changed" }
  /**
   * Drives, space or metadata are unavailable, or its bytes do not verify. Nothing is lost; try
   * again later.
   */
  | { kind: "failed"; failure: StoreFailure };
