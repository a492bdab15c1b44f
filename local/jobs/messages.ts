import type { CountsAnswer } from "../host/merged-counts.ts";

/**
 * First message of the launcher to the process of the background jobs. Its secrets must not be in
 * arguments or environment.
 */
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

/** A regular report to the launcher. */
export type FromJobs = { kind: "counts"; counts: CountsAnswer };
