/** What `GET /-/durability` answers, as far as it is shown. */
export interface Durability {
  green: boolean;
  light: "green" | "yellow" | "red";
  headline: string;
  troubles: { light: "yellow" | "red"; sentence: string }[];
  atMs: number;
  evidence: { what: string; atMs: number | null; ageSecondsMax: number }[];
  databases: { name: string; sizeBytes: number }[];
  metadataSpace: Space | null;
  drives: Drive[];
  census: { atMs: number; totals: { blobs: number; bytes: number; redundancy: Redundancy } } | null;
  backlog: Record<string, { rows: number; oldestMs: number | null }>;
  jobs: Job[];
  snapshots: { database: string }[];
}

export interface Space {
  freeBytes: number;
  totalBytes: number;
}

export interface Drive {
  name: string;
  domain: string;
  state: string;
  sentence: string | null;
  reachable: boolean;
  latencyMs: number;
  shards: number;
  bytes: number;
  space: Space | null;
}

export interface Job {
  name: string;
  finishedMs: number | null;
  failedMs: number | null;
  failure: string | null;
  report: Readonly<Record<string, number>> | null;
  stuck: boolean;
}

/** Blobs by geometry, then by how many of their shards are good. */
export type Redundancy = Readonly<Record<string, Readonly<Record<string, number>>>>;

export interface RedundancyRow {
  geometry: string;
  /** Shards that are missing. */
  lacking: number;
  /** Drives that may still be lost; below 0 the blob cannot be read. */
  spare: number;
  blobs: number;
}

/** Blobs by what they lack, the worst first. */
export function redundancyRows(redundancy: Redundancy): RedundancyRow[] {
  return Object.entries(redundancy)
    .flatMap(([geometry, counts]) => {
      const [k = 0, m = 0] = geometry.split("+").map(Number);
      return Object.entries(counts).map(([good, blobs]) => ({
        geometry,
        lacking: k + m - Number(good),
        spare: Number(good) - k,
        blobs,
      }));
    })
    .sort((a, b) => a.spare - b.spare || b.lacking - a.lacking);
}
