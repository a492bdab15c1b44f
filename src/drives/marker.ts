import { type Drive, DriveError } from "./drive.ts";

/**
 * The marker: a small object on each drive that says whose drive it is. Each generation has a new
 * key, because keys on a drive are written once. The database knows the expected marker.
 */
export const MARKER_PREFIX = "00DRIVE-";

export interface Marker {
  format: "sherd-drive";
  version: 1;
  /** Id of the store that the drive belongs to. */
  store: string;
  /** The drive's name in the configuration. */
  drive: string;
  /** Number of its renewals, from 1. An older copy of the drive has a lower one. */
  generation: number;
  /** Random; the key ends in it. */
  id: string;
  madeMs: number;
}

/** A marker is padded with spaces to this size, so that one call reads it. */
const MARKER_BYTES = 512;
/** A drive has one, or two after an interrupted run. */
const MARKERS_READ_MAX = 20;

export function markerKey(id: string): string {
  return `${MARKER_PREFIX}${id}`;
}

export function isMarkerKey(key: string): boolean {
  return key.startsWith(MARKER_PREFIX);
}

/** Throws `DriveError`. */
export async function writeMarker(drive: Drive, marker: Marker): Promise<void> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(marker)}`.padEnd(MARKER_BYTES - 1).concat("\n"));
  const writer = drive.put(markerKey(marker.id), bytes.length);
  try {
    await writer.write(bytes);
    await writer.close();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/**
 * The marker under the key, `unreadable` if something else is there, or null if the key is absent.
 * Throws `DriveError`.
 */
export async function readMarker(drive: Drive, key: string): Promise<Marker | "unreadable" | null> {
  try {
    const reader = await drive.get(key, { offset: 0, length: MARKER_BYTES });
    if (!reader) return null;
    try {
      return parseMarker(new TextDecoder().decode(await reader.read(MARKER_BYTES)));
    } finally {
      await reader.cancel();
    }
  } catch (error) {
    if (error instanceof DriveError && error.fault === "short") return "unreadable";
    throw error;
  }
}

/** All readable markers on the drive; `unreadable` counts the others. Throws `DriveError`. */
export async function findMarkers(drive: Drive): Promise<{ markers: Marker[]; keys: string[]; unreadable: number }> {
  const { shards } = await drive.list({ prefix: MARKER_PREFIX, limit: MARKERS_READ_MAX });
  const keys = shards.map(({ key }) => key);
  const markers: Marker[] = [];
  let unreadable = 0;
  for (const key of keys) {
    const marker = await readMarker(drive, key);
    if (marker === "unreadable") unreadable += 1;
    else if (marker) markers.push(marker);
  }
  return { markers, keys, unreadable };
}

function parseMarker(text: string): Marker | "unreadable" {
  try {
    const { format, version, store, drive, generation, id, madeMs } = JSON.parse(text) as Partial<Marker>;
    const isMarker =
      format === "sherd-drive" &&
      version === 1 &&
      [store, drive, id].every((field) => typeof field === "string") &&
      [generation, madeMs].every((field) => Number.isSafeInteger(field));
    return isMarker ? (JSON.parse(text) as Marker) : "unreadable";
  } catch {
    return "unreadable";
  }
}
