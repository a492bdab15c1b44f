/** Space on one disk, as measured by a process that can see the disk. */
export interface Space {
  /** Name of the drive on it, or `metadata`. */
  readonly name: string;
  readonly freeBytes: number;
  readonly totalBytes: number;
  /**
   * With less free space writes are refused; with less than twice as much, space is freed early.
   */
  readonly reserveBytes: number;
}

/**
 * Measures the space on this machine's disks. Absent in a `StoreContext` if there is nothing to
 * measure, as on Cloudflare.
 */
export interface SpaceGauge {
  /**
   * One entry for each drive on a disk, and one for the metadata. Never throws: entries that cannot
   * be measured are left out.
   */
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
