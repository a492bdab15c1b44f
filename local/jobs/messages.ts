import type { CountsAnswer } from "../host/merged-counts.ts";

/** What the launcher tells the process of the background jobs first. Not by its arguments or its environment: it has secrets. */
export interface JobsConfiguration {
  /** The Worker's variables. */
  vars: Record<string, string>;
  /** Folders of the drives, by the names of their bindings. */
  drivePaths: Record<string, string>;
  /** Unix sockets of the metadata and of the launcher. */
  metadataSocket: string;
  hostSocket: string;
  /** The file kernel.wasm. */
  kernelPath: string;
}

export type ToJobs = { kind: "begin"; configuration: JobsConfiguration } | { kind: "stop" };

/** What it tells the launcher now and then. */
export type FromJobs = { kind: "counts"; counts: CountsAnswer };
