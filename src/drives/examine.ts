import type { Clock } from "../base/clock.ts";
import { type Drive, DriveError } from "./drive.ts";
import { findMarkers, type Marker, markerKey, readMarker } from "./marker.ts";

/** The marker that a drive must have. */
export interface ExpectedMarker {
  id: string;
  generation: number;
  markedMs: number;
}

/**
 * Result of checking a drive; `DriveState` explains the words. `blank`: it has no marker, and none
 * was expected.
 */
export type Examination =
  | { kind: "ours" }
  | { kind: "unreachable"; reason: string }
  | { kind: "blank" }
  | { kind: "emptied" }
  | { kind: "older" | "newer"; marker: Marker }
  | { kind: "swapped"; with: string }
  | { kind: "foreign"; store: string };

/** The longest wait for a drive's marker. */
const EXAMINE_MS_MAX = 6_000;

/**
 * Checks whose drive this is: one call if it is the right one. Changes nothing and throws only
 * bugs. `expected`: null if the drive was never used.
 */
export async function examineDrive(
  drive: Drive,
  { store, expected, clock }: { store: string | null; expected: ExpectedMarker | null; clock: Clock },
): Promise<Examination> {
  const timer = clock.timer(EXAMINE_MS_MAX);
  const late = timer.done.then((): Examination => {
    return { kind: "unreachable", reason: `no answer within ${EXAMINE_MS_MAX / 1000} s` };
  });
  try {
    return await Promise.race([look(drive, store, expected, clock.now()), late]);
  } catch (error) {
    if (!(error instanceof DriveError)) throw error;
    return { kind: "unreachable", reason: error.message };
  } finally {
    timer.cancel();
  }
}

async function look(
  drive: Drive,
  store: string | null,
  expected: ExpectedMarker | null,
  nowMs: number,
): Promise<Examination> {
  if (expected) {
    const marker = await readMarker(drive, markerKey(expected.id));
    if (marker !== "unreadable" && marker?.store === store && marker.drive === drive.name) return { kind: "ours" };
    // The drive may not yet show a very recent write from elsewhere.
    if (marker === null && nowMs - expected.markedMs < drive.settleMs) return { kind: "ours" };
  }
  const { markers } = await findMarkers(drive);
  const foreign = markers.find((marker) => marker.store !== store);
  if (foreign) return { kind: "foreign", store: foreign.store };
  const own = markers.filter((marker) => marker.drive === drive.name).sort((a, b) => b.generation - a.generation)[0];
  const other = markers.find((marker) => marker.drive !== drive.name);
  if (!own) {
    if (other) return { kind: "swapped", with: other.drive };
    return { kind: expected ? "emptied" : "blank" };
  }
  if (!expected || own.generation > expected.generation) return { kind: "newer", marker: own };
  // Two runs renewed it at once, and the remaining marker is the loser's: the other's should be
  // there too.
  return own.generation < expected.generation ? { kind: "older", marker: own } : { kind: "emptied" };
}
