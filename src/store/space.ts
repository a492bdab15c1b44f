/** Room on one disk, as whoever can see the disk measured it. */
export interface Space {
  /** Name of the drive that lies there, or `metadata`. */
  readonly name: string;
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** Below this much free room writes are refused; below twice as much what may be freed is freed early. */
  readonly reserveBytes: number;
}

/** Measures the room on this machine's disks. Absent in a `StoreContext` where there is nothing to measure, as on Cloudflare. */
export interface SpaceGauge {
  /** One entry for each drive that lies on a disk, and one for the metadata. Never throws: what cannot be measured is left out. */
  measure(): Promise<readonly Space[]>;
}

/** Writes are refused there. */
export function isFull({ freeBytes, reserveBytes }: Space): boolean {
  return freeBytes < reserveBytes;
}

/** It will soon be full. */
export function isTight({ freeBytes, reserveBytes }: Space): boolean {
  return freeBytes < 2 * reserveBytes;
}
