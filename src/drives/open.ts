import type { Clock } from "../base/clock.ts";
import type { RandomBytes } from "../base/random.ts";
import { withCircuitBreaker } from "./circuit-breaker.ts";
import type { BoundDriveSpec, DriveSpec } from "./config.ts";
import { type DriveCounts, newDriveCounts, withCounts } from "./counted.ts";
import { DiskDrive } from "./disk.ts";
import type { Drive } from "./drive.ts";
import { KvDrive } from "./kv.ts";
import { R2Drive } from "./r2.ts";
import { withRetry } from "./retry.ts";
import { S3Drive } from "./s3.ts";
import type { S3Parts } from "./s3-request.ts";
import { type TimeoutOptions, withTimeout } from "./timeout.ts";

/** Parts that the drives need besides their bindings. */
export interface DriveParts {
  clock: Clock;
  random: RandomBytes;
  /** Reaches external drives. */
  fetch: S3Parts["fetch"];
  /** Counts of calls, by drive name; missing drives are added. */
  counts?: Map<string, DriveCounts>;
  /** Opens local folders that are not reached by a binding of workerd's disk service. */
  openDisk?: (spec: BoundDriveSpec) => Drive;
}

const TIMEOUT_SECONDS = 15;
const RETRY = { attemptsMax: 3, delayMs: 100, spanMs: 10_000 } as const;
const CIRCUIT = { failuresMax: 5, openMs: 10_000 } as const;

/**
 * The drives of `specs`, in their order; `parseDrives` has checked `specs` against this `env`. Once
 * per isolate, because the circuit breakers have memory.
 */
export function openDrives(specs: readonly DriveSpec[], env: Record<string, unknown>, parts: DriveParts): Drive[] {
  return specs.map((spec) => protect(openDrive(spec, env, parts), timesOf(spec), parts));
}

/**
 * From the inside out: each attempt is counted, limited in time, and recorded by the breaker before
 * it is repeated.
 */
function protect(drive: Drive, times: Omit<TimeoutOptions, "clock">, { clock, random, counts }: DriveParts): Drive {
  const counted = counts ? withCounts(drive, countsOf(drive, counts)) : drive;
  const bounded = withTimeout(counted, { clock, ...times });
  return withRetry(withCircuitBreaker(bounded, { clock, ...CIRCUIT }), { clock, random, ...RETRY });
}

function timesOf({ timeoutSeconds = TIMEOUT_SECONDS }: DriveSpec): Omit<TimeoutOptions, "clock"> {
  const stepMs = timeoutSeconds * 1000;
  return { callMs: (stepMs * 2) / 3, stepMs, closeMs: stepMs * 2, bulkMs: stepMs * 4 };
}

function countsOf(drive: Drive, counts: Map<string, DriveCounts>): DriveCounts {
  const mine = counts.get(drive.name) ?? newDriveCounts();
  counts.set(drive.name, mine);
  return mine;
}

/**
 * SHERD_DISK_FOLDER, which `npm start` sets: the name of a link below each disk binding that leads
 * to the drive itself.
 */
function diskFolder({ SHERD_DISK_FOLDER: name }: Record<string, unknown>): string | undefined {
  return typeof name === "string" && /^[a-z]{1,32}$/.test(name) ? name : undefined;
}

function openDrive(spec: DriveSpec, env: Record<string, unknown>, parts: DriveParts): Drive {
  switch (spec.type) {
    case "r2":
      return new R2Drive(spec, env[spec.binding] as R2Bucket);
    case "kv":
      return new KvDrive(spec, env[spec.binding] as KVNamespace);
    case "disk":
      return parts.openDisk?.(spec) ?? new DiskDrive(spec, env[spec.binding] as Fetcher, diskFolder(env));
    case "s3": {
      const accessKeyId = env[spec.accessKeyIdSecret] as string;
      const secretAccessKey = env[spec.secretAccessKeySecret] as string;
      return new S3Drive(spec, { ...spec, accessKeyId, secretAccessKey }, parts);
    }
  }
}
