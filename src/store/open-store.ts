import { ByteBudget } from "../base/byte-budget.ts";
import { type DriveParts, openDrives } from "../drives/open.ts";
import type { ErasureEngine } from "../erasure/engine.ts";
import type { CostObserver } from "../metadata/database.ts";
import type { KeyringTables } from "../metadata/keyring/keyring.ts";
import { openMetadata } from "../metadata/open.ts";
import { noDataKeys } from "../sealing/data-keys.ts";
import { readSealing } from "../sealing/read-sealing.ts";
import type { Sealer } from "../sealing/root-sealer.ts";
import { openStores } from "./buckets/databases.ts";
import { readConfiguration } from "./configuration.ts";
import type { StoreContext } from "./context.ts";
import { openHost } from "./host.ts";
import { withReserve } from "./placement/reserved-drives.ts";
import { AccessLog } from "./read/accesses.ts";
import { DriveLatency } from "./read/drive-latency.ts";
import { watchedDrives } from "./watched-drives.ts";
import { BUFFERED_BYTES_MAX } from "./write/blob-layouts.ts";

/** Parts of a store besides its bindings and variables. */
export interface StoreParts extends DriveParts {
  engine: ErasureEngine;
  /** Called with the cost of each round trip to D1. */
  observe: CostObserver;
  /** As in `StoreContext`. */
  tell: (line: string) => void;
  /** Seals the keys of the KMS; null without a root secret. */
  keySealer: Sealer | null;
  /** Makes `StoreContext.dataKeysOfService`. Absent: services of the server's own have no KMS. */
  openServiceKeys?: (parts: {
    tables: KeyringTables;
    sealers: readonly [Sealer, ...Sealer[]];
    region: string;
  }) => NonNullable<StoreContext["dataKeysOfService"]>;
}

/**
 * The store that bindings and variables describe; with several databases, that of the first. Throws
 * an `Error` that says what to fix.
 */
export function openStore(env: Readonly<Record<string, unknown>>, parts: StoreParts): StoreContext {
  const { clock, random, engine, tell } = parts;
  const { settings, drives: specs } = readConfiguration(env);
  const host = openHost(env.HOST, () => clock.now());
  const opened = openDrives(specs, env, parts);
  const drives = host ? opened.map((drive) => withReserve(drive, host)) : opened;
  const databases = openMetadata(env, parts.observe);
  const sealing = readSealing(env, { random, dataKeys: noDataKeys });
  const [newest, ...others] = [sealing.sealer, parts.keySealer].filter((sealer) => sealer !== null);
  const sealers = newest && ([newest, ...others] as const);
  const tables = databases[0]?.keyring;
  const ofServices = sealers && tables && parts.openServiceKeys?.({ tables, sealers, region: settings.region });
  return openStores(databases, {
    ...watchedDrives(drives, databases),
    ...{ latency: new DriveLatency(), engine, shardMemory: new ByteBudget(BUFFERED_BYTES_MAX) },
    ...{ clock, random, settings, tell, sealing },
    ...(sealers && { keySealers: sealers }),
    ...(ofServices && { dataKeysOfService: ofServices }),
    accesses: new AccessLog({ clock, settings, databases, tell }),
    ...(host ? { host, space: host } : {}),
  });
}
