import { DriveError } from "../../drives/drive.ts";
import { CONNECTIONS_MAX } from "../../drives/limits.ts";
import { isMarkerKey } from "../../drives/marker.ts";
import type { CheckedBlob, CheckedTable, CheckPlace } from "../../metadata/blobs/checking.ts";
import type { DamageCause } from "../../metadata/blobs/damage.ts";
import type { Sealer } from "../../sealing/root-sealer.ts";
import { allStores } from "../../store/buckets/databases.ts";
import type { StoreContext } from "../../store/context.ts";
import { parseShardKey, parseSnapshotKey } from "../../store/placement/shard-key.ts";
import { droppedBeforeMs } from "../run/hold.ts";
import type { Budget } from "../run/job.ts";
import { checkBody } from "./check-bodies.ts";
import { checkShard } from "./check-shard.ts";
import { KEY_PLACES, sealedKeysAfter } from "./sealed-keys.ts";

/** A fault. */
export interface Finding {
  kind: string;
  /** The row, blob, shard or drive. */
  what: string;
}

export interface CheckCounts {
  /** Rows of objects, versions, parts and annotations. */
  rows: number;
  blobs: number;
  shards: number;
  /** Bodies with correct digests. */
  bodies: number;
  /** Bodies with unknown digests, or too long for one call: only their frames were verified. */
  bodiesByFramesOnly: number;
  /**
   * Keys of objects, uploads and the KMS that an older root key sealed: it must stay configured
   * until there are none.
   */
  keysUnderOldRoot: number;
  /** Keys on drives, snapshots of the metadata included. */
  keys: number;
  /**
   * Keys on drives that no row names, but that are young: from a write under way, or waiting for
   * the walk.
   */
  youngShards: number;
  /** Keys on drives that are not Sherd's. */
  foreignKeys: number;
}

export interface CheckStep {
  findings: Finding[];
  counts: CheckCounts;
  /** Where the next call begins; null: everything was checked. */
  next: CheckCursor | null;
}

/** In this order. */
const PHASES = ["rows", "references", "keys", "blobs", "bodies", "drives"] as const;

export interface CheckCursor {
  database: string;
  phase: (typeof PHASES)[number];
  /** Of `rows`, `keys` and `bodies`: the table; of `drives`: the drive's name. */
  of: string;
  /** Position within it; its form depends on the phase. */
  after: CheckPlace | string;
}

const KEYS_PER_PAGE = 1_000;
const TABLES: readonly CheckedTable[] = ["objects", "versions", "parts", "annotations"];
/** Bodies of parts are read when the upload is completed. */
const BODY_TABLES: readonly CheckedTable[] = ["objects", "versions", "annotations"];

/** A position within one database. */
type Place = Omit<CheckCursor, "database">;

const BEGIN: Place = { phase: "rows", of: "objects", after: null };

/** A cursor of `checkStore`, from its JSON; null if the text is not one. */
export function parseCheckCursor(text: string): CheckCursor | null {
  let cursor: unknown;
  try {
    cursor = JSON.parse(text);
  } catch {
    return null;
  }
  const { database, phase, of, after } = (cursor ?? {}) as Partial<Record<keyof CheckCursor, unknown>>;
  if (typeof database !== "string" || !PHASES.some((name) => name === phase) || typeof of !== "string") return null;
  const tables: readonly string[] = phase === "keys" ? KEY_PLACES : TABLES;
  const hasTable = phase === "rows" || phase === "keys" || phase === "bodies" ? tables.includes(of) : true;
  const isValue = (value: unknown) => typeof value === "string" || typeof value === "number";
  const isPlace =
    after === null || isValue(after) || (Array.isArray(after) && after.length <= 3 && after.every(isValue));
  return hasTable && isPlace ? (cursor as CheckCursor) : null;
}

/**
 * Checks everything, one part per call, and changes nothing: every row's extents cover it, and are
 * in existing blobs that it holds; every reference is needed; every blob is held; every shard that
 * a row names is on its drive with its header, and each of its frames verifies; bodies match the
 * digests in their rows; every shard on a drive is named by a row, or young. One page of rows and
 * one stripe are in memory. The store may be in use: apparent faults are checked again before they
 * are reported, because a write or job may have changed something meanwhile. Databases are checked
 * one after the other, each with its own shards. A call does at least one step, and ends after the
 * step that spends the budget. `from`: `next` of the last call; null: the beginning. `notes`:
 * queues missing or wrong shards for healing, which is the only change.
 */
export async function checkStore(
  store: StoreContext,
  from: CheckCursor | null,
  budget: Budget,
  { notes = false } = {},
): Promise<CheckStep> {
  const stores = allStores(store);
  let at = from === null ? 0 : stores.findIndex(({ metadata }) => metadata.identity.name === from.database);
  let place: Place | null = from ?? BEGIN;
  const findings: Finding[] = [];
  const counts = noCounts();
  for (let one = stores[at]; one; one = stores[++at]) {
    const check = new Check(one, { findings, counts, notes });
    for (place ??= BEGIN; place !== null; ) {
      place = await check.step(place);
      if (!budget.isSpent()) continue;
      const next = place === null ? stores[at + 1] : one;
      return { findings, counts, next: next ? { ...(place ?? BEGIN), database: next.metadata.identity.name } : null };
    }
  }
  return { findings, counts, next: null };
}

function noCounts(): CheckCounts {
  return {
    rows: 0,
    blobs: 0,
    shards: 0,
    bodies: 0,
    bodiesByFramesOnly: 0,
    keysUnderOldRoot: 0,
    keys: 0,
    youngShards: 0,
    foreignKeys: 0,
  };
}

class Check {
  readonly findings: Finding[];
  readonly counts: CheckCounts;
  readonly #store: StoreContext;
  readonly #notes: boolean;

  constructor(
    store: StoreContext,
    { findings, counts, notes }: { findings: Finding[]; counts: CheckCounts; notes: boolean },
  ) {
    this.#store = store;
    this.#notes = notes;
    this.findings = findings;
    this.counts = counts;
  }

  async step(cursor: Place): Promise<Place | null> {
    switch (cursor.phase) {
      case "rows":
        return this.#rows(cursor);
      case "references":
        for (const what of await this.#store.metadata.checking.surplusReferences()) {
          this.#find("reference-without-use", what);
        }
        for (const what of await this.#store.metadata.checking.strayAnnotations()) {
          this.#find("annotations-of-other-number", what);
        }
        return { phase: "keys", of: KEY_PLACES[0], after: null };
      case "keys":
        return this.#keysBesides(cursor);
      case "blobs":
        return this.#blobs(cursor);
      case "bodies":
        return this.#bodies(cursor);
      case "drives":
        return this.#drive(cursor);
    }
  }

  #find(kind: string, what: string): void {
    this.findings.push({ kind, what });
  }

  async #rows({ of, after }: Place): Promise<Place> {
    const table = tableOf(of);
    const { flawed, rows, sealedKeys, next } = await this.#store.metadata.checking.rows(table, after as CheckPlace);
    this.counts.rows += rows;
    const { sealer } = this.#store.sealing;
    for (const key of sealedKeys) this.#sealedKey(key, sealer ? [sealer] : []);
    for (const { what, flaws } of flawed) for (const flaw of flaws) this.#find(flaw, what);
    if (next !== null) return { phase: "rows", of: table, after: next };
    const following = TABLES[TABLES.indexOf(table) + 1];
    return following ? { phase: "rows", of: following, after: null } : { phase: "references", of: "", after: null };
  }

  async #keysBesides({ of, after }: Place): Promise<Place> {
    const place = KEY_PLACES.find((name) => name === of);
    if (!place) throw new TypeError("not a cursor of a check");
    const { keys, sealers, next } = await sealedKeysAfter(this.#store, place, after as CheckPlace);
    for (const key of keys) this.#sealedKey(key, sealers);
    if (next !== null) return { phase: "keys", of: place, after: next };
    const following = KEY_PLACES[KEY_PLACES.indexOf(place) + 1];
    return following ? { phase: "keys", of: following, after: null } : { phase: "blobs", of: "", after: "" };
  }

  /** `sealers`: the first seals new keys. */
  #sealedKey({ what, sealed }: { what: string; sealed: string }, sealers: readonly Sealer[]): void {
    const [newest] = sealers;
    if (newest?.isCurrent(sealed)) return;
    const root = newest?.rootOf(sealed);
    if (root && sealers.some(({ roots }) => roots.includes(root))) this.counts.keysUnderOldRoot += 1;
    else this.#find("key-without-root", what);
  }

  /** One blob per step: it may be large. */
  async #blobs({ after }: Place): Promise<Place> {
    const blob = await this.#store.metadata.checking.blob(String(after ?? ""));
    if (!blob) return { phase: "bodies", of: "objects", after: null };
    await this.#blob(blob);
    return { phase: "blobs", of: "", after: blob.id };
  }

  async #blob(blob: CheckedBlob): Promise<void> {
    this.counts.blobs += 1;
    if (!blob.isHeld) this.#find("blob-without-reference", blob.id);
    if (blob.shards.length !== blob.k + blob.m) this.#find("blob-with-other-shards", blob.id);
    const drives = blob.shards.flatMap((place) => place?.[0] ?? []);
    if (new Set(drives).size < drives.length) this.#find("shards-share-drive", blob.id);
    for (let at = 0; at < blob.shards.length; at += CONNECTIONS_MAX) {
      const some = blob.shards.slice(at, at + CONNECTIONS_MAX);
      await Promise.all(some.map((_, index) => this.#shard(blob, at + index)));
    }
  }

  async #shard(blob: CheckedBlob, shard: number): Promise<void> {
    this.counts.shards += 1;
    const place = blob.shards[shard] ?? null;
    const name = `${blob.id} shard ${shard}`;
    if (!place) {
      this.#find("shard-missing", name);
      return;
    }
    const state = await checkShard(this.#store, { blob, shard });
    if (state.ok) return;
    // It may have been healed, moved or deleted during the check.
    const [now] = await this.#store.metadata.blobs.find([blob.id]);
    if (now?.shards[shard]?.join() !== place.join()) return;
    this.#find(`shard-${state.fault.kind}`, `${name} on ${place[0]}`);
    if (this.#notes && state.fault.damaged) await this.#note(blob, shard, state.fault.kind);
  }

  async #note({ id: blobId, shards }: CheckedBlob, shard: number, cause: DamageCause): Promise<void> {
    const missed = cause === "corrupt" ? [] : shards.slice(shard, shard + 1).flatMap((place) => place?.[0] ?? []);
    await this.#store.metadata.blobs.noteDamage([{ blobId, shard, cause }], missed, this.#store.clock.now());
  }

  /** One body per step. */
  async #bodies({ of, after }: Place): Promise<Place> {
    const table = tableOf(of);
    const [firstDrive] = this.#store.drives;
    const nextTable = BODY_TABLES[BODY_TABLES.indexOf(table) + 1];
    const following: Place = nextTable
      ? { phase: "bodies", of: nextTable, after: null }
      : { phase: "drives", of: firstDrive?.name ?? "", after: "" };
    if (table === "parts") return following;
    const { bodies, isLast } = await this.#store.metadata.checking.bodies(table, after as CheckPlace);
    let place = after;
    for (const body of bodies) {
      place = body.place;
      const state = await checkBody(this.#store, body);
      if (state === "right") this.counts.bodies += 1;
      else if (state === "too-long" || state === "no-digest") this.counts.bodiesByFramesOnly += 1;
      else if (await this.#isStillThere(table, after as CheckPlace, body.id)) {
        this.#find(`body-${state}`, `${body.bucket}/${body.key} version ${body.id}`);
      }
    }
    return isLast ? following : { phase: "bodies", of: table, after: place };
  }

  /** Whether the version still existed after its body was read. */
  async #isStillThere(table: Exclude<CheckedTable, "parts">, after: CheckPlace, id: string): Promise<boolean> {
    const { bodies } = await this.#store.metadata.checking.bodies(table, after);
    return bodies.some((body) => body.id === id);
  }

  async #drive({ of, after }: Place): Promise<Place | null> {
    const at = this.#store.drives.findIndex(({ name }) => name === of);
    const drive = this.#store.drives[at];
    if (!drive) return null;
    const following = this.#store.drives[at + 1];
    const nextDrive: Place | null = following ? { phase: "drives", of: following.name, after: "" } : null;
    try {
      const cursor = typeof after === "string" && after !== "" ? { cursor: after } : {};
      const page = await drive.list({ limit: KEYS_PER_PAGE, ...cursor });
      await this.#keys(
        drive.name,
        page.shards.map(({ key }) => key),
      );
      return page.cursor === undefined ? nextDrive : { phase: "drives", of, after: page.cursor };
    } catch (error) {
      if (!(error instanceof DriveError)) throw error;
      this.#find("drive-unreachable", error.message);
      return nextDrive;
    }
  }

  async #keys(drive: string, keys: readonly string[]): Promise<void> {
    this.counts.keys += keys.length;
    const ours = keys.flatMap((key) => {
      const name = parseShardKey(key);
      if (!name && !parseSnapshotKey(key) && !isMarkerKey(key)) this.counts.foreignKeys += 1;
      return name ? [{ ...name, key }] : [];
    });
    if (ours.length === 0) return;
    const { metadata, settings, clock } = this.#store;
    const unnamed = await metadata.walking.orphans(drive, ours, await droppedBeforeMs(this.#store));
    // The walk should have found anything older than this.
    const oldMs = clock.now() - (settings.orphanGraceSeconds + settings.walkCycleSeconds) * 1000;
    for (const { key, writtenMs } of ours) {
      if (!unnamed.has(key)) continue;
      if (writtenMs < oldMs) this.#find("orphan-shard", `${key} on ${drive}`);
      else this.counts.youngShards += 1;
    }
  }
}

function tableOf(name: string): CheckedTable {
  const table = TABLES.find((candidate) => candidate === name);
  if (!table) throw new TypeError("not a cursor of a check");
  return table;
}
