import { concat } from "../../base/bytes.ts";
import { type Drive, DriveError } from "../../drives/drive.ts";
import { SHARD_HEADER_BYTES } from "../../erasure/layout.ts";
import { parseShardHeader, type ShardHeader } from "../../erasure/shard-header.ts";
import type { BlobRow, ShardPlace } from "../../metadata/rows.ts";
import { openDocument } from "../../sealing/sealed-document.ts";
import type { StoreContext } from "../../store/context.ts";
import { parseSnapshotKey, SNAPSHOT_PREFIX } from "../../store/placement/shard-key.ts";
import { BlobReader } from "../../store/read/read-blob.ts";
import {
  decodeLines,
  decodeManifest,
  decompress,
  type Manifest,
  pieceContext,
  type SnapshotLine,
  snapshotContext,
} from "./snapshot-format.ts";

const KEYS_PER_PAGE = 1_000;

/** The snapshot exists, but no configured root key opens it. */
class SnapshotSealed extends Error {
  constructor(snapshotId: string, root: string | null) {
    super(
      `snapshot ${snapshotId} is sealed under root key ${root ?? "of another deployment"}, which SHERD_ROOT_KEYS does not have`,
    );
    this.name = "SnapshotSealed";
  }
}

/** Keys of snapshots on a drive. Throws `DriveError`. */
export async function* listSnapshotKeys(drive: Drive): AsyncGenerator<string> {
  let cursor: string | undefined;
  do {
    const prefix = SNAPSHOT_PREFIX;
    const page = await drive.list({ limit: KEYS_PER_PAGE, prefix, ...(cursor === undefined ? {} : { cursor }) });
    for (const { key } of page.shards) yield key;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/**
 * Places of a blob's shards, by drives' lists. More than k+m entries, if the same blob is there
 * twice, do no harm.
 */
type Places = Map<string, ShardPlace[]>;

export interface FoundManifest extends Manifest {
  /** False: anyone who can write to a drive may have written it. */
  isSealed: boolean;
}

/** The snapshots on the drives. */
export interface SnapshotsOnDrives {
  /** Complete ones, the oldest first. */
  complete: FoundManifest[];
  /** Ids of those without a readable manifest: interrupted, under way, or lost. */
  incomplete: string[];
  /** Drives that did not answer. */
  unreachable: string[];
}

/** Finds all snapshots on the drives alone, and reads their manifests. */
export async function findSnapshots(store: StoreContext): Promise<SnapshotsOnDrives> {
  const manifests = new Map<string, Places>();
  const seen = new Set<string>();
  const unreachable = await visit(store, (place, key) => {
    seen.add(key.snapshotId);
    if (key.piece !== null) return;
    const places = manifests.get(key.snapshotId) ?? new Map();
    manifests.set(key.snapshotId, notePlace(places, key, place));
  });
  const complete: FoundManifest[] = [];
  for (const [id, places] of manifests) {
    const manifest = await readManifest(store, id, places);
    if (manifest) complete.push(manifest);
  }
  complete.sort((a, b) => a.beganMs - b.beganMs || (a.id < b.id ? -1 : 1));
  const whole = new Set(complete.map(({ id }) => id));
  return { complete, incomplete: [...seen].filter((id) => !whole.has(id)).sort(), unreachable };
}

/** Reads pieces of a snapshot. Looks for their shards once. */
export class SnapshotPieces {
  readonly #store: StoreContext;
  readonly #manifest: FoundManifest;
  readonly #places: Places;

  private constructor(store: StoreContext, manifest: FoundManifest, places: Places) {
    this.#store = store;
    this.#manifest = manifest;
    this.#places = places;
  }

  static async find(store: StoreContext, manifest: FoundManifest): Promise<SnapshotPieces> {
    const wanted = new Set(manifest.pieces);
    const places: Places = new Map();
    await visit(store, (place, key) => {
      if (key.snapshotId === manifest.id && wanted.has(key.blobId)) notePlace(places, key, place);
    });
    return new SnapshotPieces(store, manifest, places);
  }

  /**
   * The lines of one piece, every frame verified. Throws `StoreError` drives-unavailable, or an
   * `Error` if it is not a piece, or not sealed although its manifest is.
   */
  async read(blobId: string): Promise<SnapshotLine[]> {
    const { id, version, isSealed, pieces } = this.#manifest;
    const context = version === 1 ? snapshotContext(id) : pieceContext(id, pieces.indexOf(blobId));
    const document = { snapshotId: id, blobId, context };
    const piece = await readText(this.#store, document, this.#places.get(blobId) ?? []);
    if (isSealed && !piece.isSealed) throw new Error(`the piece ${blobId} of the sealed snapshot ${id} is not sealed`);
    return decodeLines(piece.text);
  }
}

/** Calls `note` for each shard of a snapshot. Returns the drives that did not answer. */
async function visit(
  store: StoreContext,
  note: (place: NonNullable<ShardPlace>, key: NonNullable<ReturnType<typeof parseSnapshotKey>>) => void,
): Promise<string[]> {
  const unreachable: string[] = [];
  for (const drive of store.drives) {
    try {
      for await (const key of listSnapshotKeys(drive)) {
        const parsed = parseSnapshotKey(key);
        if (parsed) note([drive.name, key], parsed);
      }
    } catch (error) {
      if (!(error instanceof DriveError)) throw error;
      unreachable.push(drive.name);
    }
  }
  return unreachable;
}

function notePlace(places: Places, { blobId, shard }: { blobId: string; shard: number }, place: ShardPlace): Places {
  const list = places.get(blobId) ?? [];
  list[shard] = place;
  return places.set(blobId, list);
}

/**
 * The first readable manifest, a sealed one if there is one. Overlapping runs may have written two,
 * each complete, and anyone may have written ones that are not sealed.
 */
async function readManifest(store: StoreContext, id: string, places: Places): Promise<FoundManifest | null> {
  let unsealed: FoundManifest | null = null;
  for (const [blobId, shards] of places) {
    try {
      const { text, isSealed } = await readText(
        store,
        { snapshotId: id, blobId, context: snapshotContext(id) },
        shards,
      );
      const manifest = { ...decodeManifest(text), isSealed };
      if (isSealed) return manifest;
      unsealed ??= manifest;
    } catch (error) {
      if (error instanceof SnapshotSealed) store.tell?.(error.message);
      // Too few shards, or not ours: the snapshot counts as incomplete, and the caller reports it.
    }
  }
  return unsealed;
}

async function readText(
  store: StoreContext,
  { snapshotId, blobId, context }: { snapshotId: string; blobId: string; context: string },
  places: readonly ShardPlace[],
): Promise<{ text: string; isSealed: boolean }> {
  const header = await findHeader(store, places);
  if (!header) throw new Error(`no drive has a readable shard of the snapshot's blob ${blobId}`);
  const { k, m, blockBytes, blobBytes: sizeBytes } = header;
  const shards = Array.from({ length: k + m }, (_, shard) => places[shard] ?? null);
  const blob: BlobRow = { id: blobId, k, m, blockBytes, sizeBytes, crc64nvme: "", shards };
  const reader = new BlobReader(store, blob, { offset: 0, length: sizeBytes });
  try {
    const pieces: Uint8Array[] = [];
    for (let piece = await reader.next(); piece; piece = await reader.next()) pieces.push(piece.slice());
    const opened = openDocument(store.sealing.sealer, context, concat(pieces));
    if (!opened.ok) throw new SnapshotSealed(snapshotId, opened.root);
    return { text: await decompress(opened.bytes), isSealed: opened.isSealed };
  } finally {
    await reader.cancel();
  }
}

/** The first intact header says how the blob is laid out. */
async function findHeader(store: StoreContext, places: readonly ShardPlace[]): Promise<ShardHeader | null> {
  for (const place of places) {
    const drive = place && store.drives.find(({ name }) => name === place[0]);
    if (!place || !drive) continue;
    try {
      const reader = await drive.get(place[1], { offset: 0, length: SHARD_HEADER_BYTES });
      if (!reader) continue;
      const bytes = await reader.read(SHARD_HEADER_BYTES);
      await reader.cancel();
      const parsed = parseShardHeader(bytes, (some) => store.engine.crc64nvme(some));
      if (parsed.ok) return parsed.header;
    } catch (error) {
      if (!(error instanceof DriveError)) throw error;
    }
  }
  return null;
}
