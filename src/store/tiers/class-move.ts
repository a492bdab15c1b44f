import type { VersionPlace, VersionTable } from "../../metadata/blobs/packing.ts";
import type { StoreFailure } from "../failure.ts";
import type { PackMemory } from "./rewrite-extents.ts";

/** A version whose bytes are to go to another storage class, as a scan of its table found it. */
export interface VersionToMove {
  table: VersionTable;
  place: VersionPlace;
  /** Of the version. It is unguessable, and a version that is replaced, appended to or renamed has another one, or another place. */
  id: string;
  /** The class that it had then: one that has another class meanwhile is not moved. */
  storageClass: string;
}

/** What a move may do at most. Absent: all of it. */
export interface MoveLimits {
  /** Asked between two new blobs; true: what is left is moved by the next call. */
  isSpent?: () => boolean;
  /** For all moves of a run. Absent: each object of a pack reads the pack. */
  packs?: PackMemory;
}

/** What became of a move. Only `moved` changes the version's class; LastModified, ETag and version id never change. */
export type ClassMove =
  /** `bytes`: those that were rewritten; 0: they lie there already, or in the row. */
  | { kind: "moved"; bytes: number }
  /** A part of its bytes lies in the new class, the class is the old one: call again. */
  | { kind: "in-part"; bytes: number }
  /** It has the class already. */
  | { kind: "unchanged" }
  /** It is gone, was replaced or moved, or has another class than expected. Nothing was changed. */
  | { kind: "changed" }
  /** Drives, space or metadata are missing, or its bytes do not verify. Nothing is lost; try again later. */
  | { kind: "failed"; failure: StoreFailure };
