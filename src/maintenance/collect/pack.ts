import { Buffer } from "node:buffer";
import type { Geometry } from "../../erasure/geometry.ts";
import type { Move, PackedContent, ScannedVersion, VersionPlace, VersionTable } from "../../metadata/blobs/packing.ts";
import type { ExtentRow } from "../../metadata/rows.ts";
import { layersOf } from "../../sealing/object-encryption.ts";
import { type ObjectKey, sealedOverheadBytes } from "../../sealing/object-key.ts";
import { TAG_BYTES } from "../../sealing/sealed-layout.ts";
import type { StoreContext } from "../../store/context.ts";
import { type Content, ObjectBody } from "../../store/read/object-body.ts";
import { encryptionOf, openContent } from "../../store/sealed/open-content.ts";
import { geometryOfClass } from "../../store/settings.ts";
import { layoutClass } from "../../store/tiers/access-tiers.ts";
import { plainBytesMax } from "../../store/write/blob-layouts.ts";
import type { BlobSource } from "../../store/write/body-pieces.ts";
import { writeBody } from "../../store/write/write-blob.ts";
import type { Budget, Job } from "../run/job.ts";
import { isSealedMember, readSealedMembers } from "./sealed-members.ts";

const ROWS_PER_SCAN = 1_000;
/** A pack has this size, or this many objects; otherwise it waits for more. */
const PACK_BYTES = 4 * 1024 * 1024;
const PACK_OBJECTS_MAX = 1_000;
/** Fewer objects are not worth k+m writes. */
const PACK_OBJECTS_MIN = 16;
/** Small, because a read must verify at least a whole frame. */
const PACK_BLOCK_BYTES = 32 * 1024;
/** Objects with more extents than this, small ones on average, are rewritten as one blob. */
const EXTENTS_MANY = 8;
const EXTENT_SMALL_BYTES = 1024 * 1024;
const COMPACT_BYTES_MAX = 256 * 1024 * 1024;

interface Cursor {
  table: VersionTable;
  after: VersionPlace | null;
}

/**
 * Moves cold inline bodies into packs, erasure-coded like any blob. Also rewrites the live rest of
 * packs that are mostly garbage, and objects of many small extents. Walks both tables of versions;
 * a cycle takes several runs. The bytes are written first, under a new id. One commit makes the
 * versions refer to them and drops the old bytes. A crash leaves every object readable and at worst
 * shards that no row names. Encrypted bodies are moved sealed. They move from one pack to another
 * only after verification. Encrypted objects of many extents are rewritten only if the deployment's
 * root secrets open them.
 */
export const pack: Job = {
  name: "pack",
  async run(store, budget, saved) {
    let cursor: Cursor | null = (saved as Cursor | null) ?? { table: "objects", after: null };
    const report = { packedObjects: 0, packs: 0, compactedObjects: 0 };
    const waiting: ScannedVersion[] = [];
    while (cursor && !budget.isSpent()) {
      const { table, after }: Cursor = cursor;
      const scanned = await store.metadata.packing.scan(table, after, ROWS_PER_SCAN);
      const sparse = await sparsePacks(store, scanned);
      const coldMs = store.clock.now() - store.settings.packAgeSeconds * 1000;
      for (const version of scanned.filter(({ modifiedMs }) => modifiedMs <= coldMs)) {
        if (isScattered(version)) report.compactedObjects += await compact(store, table, version);
        else if (version.sizeBytes > 0 && (version.isInline || sparse.has(version.blobId ?? ""))) waiting.push(version);
      }
      const ended = scanned.length < ROWS_PER_SCAN;
      await packAll(store, table, waiting, { least: ended ? PACK_OBJECTS_MIN : PACK_OBJECTS_MAX, budget, report });
      cursor = ended ? nextTable(table) : { table, after: placeOf(scanned.at(-1) as ScannedVersion) };
      if (ended) waiting.length = 0;
    }
    // Objects that wait for a full pack are found again by the next cycle.
    return { report, cursor, isUnfinished: cursor !== null };
  },
};

/** Versions in key order are in few packs, so this reads few. */
async function sparsePacks(store: StoreContext, scanned: readonly ScannedVersion[]): Promise<Set<string>> {
  const ids = new Set(scanned.flatMap(({ blobId }) => blobId ?? []));
  return ids.size === 0 ? new Set() : store.metadata.packing.sparsePacks([...ids]);
}

function nextTable(table: VersionTable): Cursor | null {
  return table === "objects" ? { table: "versions", after: null } : null;
}

function placeOf({ bucketId, key, seq }: ScannedVersion): VersionPlace {
  return { bucketId, key, seq };
}

function isScattered({ extentCount, sizeBytes }: ScannedVersion): boolean {
  return extentCount > EXTENTS_MANY && sizeBytes <= COMPACT_BYTES_MAX && sizeBytes < extentCount * EXTENT_SMALL_BYTES;
}

interface PackRun {
  /** A pack with fewer objects, and fewer bytes, is not begun. */
  least: number;
  budget: Budget;
  report: { packedObjects: number; packs: number };
}

/** Takes full packs from the front of `waiting`, and the rest if it is enough. */
async function packAll(store: StoreContext, table: VersionTable, waiting: ScannedVersion[], run: PackRun) {
  while (waiting.length > 0 && !run.budget.isSpent()) {
    const chosen = takePack(waiting);
    const bytes = chosen.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    if (chosen.length < run.least && bytes < PACK_BYTES) {
      waiting.unshift(...chosen);
      return;
    }
    run.report.packedObjects += await writePack(store, table, chosen);
    run.report.packs += 1;
  }
}

/** The first versions of one storage class and tier, up to a pack's size. */
function takePack(waiting: ScannedVersion[]): ScannedVersion[] {
  const first = waiting[0];
  const chosen: ScannedVersion[] = [];
  let bytes = 0;
  for (let at = 0; at < waiting.length && bytes < PACK_BYTES && chosen.length < PACK_OBJECTS_MAX; ) {
    const version = waiting[at] as ScannedVersion;
    if (first && isAlike(version, first)) {
      chosen.push(version);
      bytes += version.sizeBytes;
      waiting.splice(at, 1);
    } else at++;
  }
  return chosen;
}

function isAlike(one: Pick<Move, "storageClass" | "tier">, other: Pick<Move, "storageClass" | "tier">): boolean {
  return one.storageClass === other.storageClass && one.tier === other.tier;
}

/** Writes one pack and makes its versions refer to it. Returns the number of these versions. */
async function writePack(store: StoreContext, table: VersionTable, chosen: readonly ScannedVersion[]): Promise<number> {
  const contents = await store.metadata.packing.contents(table, chosen.map(placeOf));
  const ids = new Set(chosen.map(({ id }) => id));
  const first = chosen[0] as ScannedVersion;
  const found = contents.filter((body) => ids.has(body.id) && isAlike(body, first));
  const isInPack = (body: PackedContent) => encryptionOf(body) !== undefined && body.from.extents !== null;
  const members = await readSealedMembers(store, found.filter(isInPack).filter(isSealedMember));
  // Objects that cannot be copied unchanged stay where they are.
  const bodies = found.filter((body) => !isInPack(body) || members.has(body.id));
  if (bodies.length === 0) return 0;
  const storageClass = layoutClass(store.settings, first);
  const stored = bodies.map((body) => storedContent(body, members.get(body.id)));
  const sizeBytes = stored.reduce((sum, body) => sum + body.sizeBytes, 0);
  const row = await rewrite(store, { sizeBytes, bodies: stored, storageClass, blockBytes: PACK_BLOCK_BYTES });
  let offset = 0;
  const moves = bodies.map((body, index): Move => {
    const extent: [number, number, string, number, string] = [0, body.sizeBytes, row.id, offset, body.id];
    const to: ExtentRow[] = [encryptionOf(body) ? [...extent, 1] : extent];
    offset += (stored[index] as StoredContent).sizeBytes;
    return { ...body, to };
  });
  const options = { nowMs: store.clock.now(), packObjects: moves.length };
  return (await store.metadata.packing.move(table, row, moves, options)).length;
}

interface StoredContent {
  content: Content;
  sizeBytes: number;
}

/**
 * The stored bytes of an object that is to be packed: sealed if it is encrypted. `member`: they are
 * in a pack.
 */
function storedContent({ from, sizeBytes, ...body }: PackedContent, member: Uint8Array | undefined): StoredContent {
  const encryption = encryptionOf(body);
  if (!encryption) return { content: { ...from, objectKey: null }, sizeBytes };
  const inlineBody = member ? Buffer.from(member).toString("base64") : from.inlineBody;
  const sealedBytes = sizeBytes + sealedOverheadBytes(layersOf(encryption.form));
  return { content: { extents: null, inlineBody, objectKey: null }, sizeBytes: sealedBytes };
}

/**
 * Rewrites an object of many small extents as one blob. Returns 1 if it had not changed at the end.
 */
async function compact(store: StoreContext, table: VersionTable, version: ScannedVersion): Promise<number> {
  const [body] = await store.metadata.packing.contents(table, [placeOf(version)]);
  if (body?.id !== version.id) return 0;
  const { sizeBytes } = version;
  const storageClass = layoutClass(store.settings, body);
  const encryption = encryptionOf(body);
  const tagBytes = encryption ? layersOf(encryption.form) * TAG_BYTES : 0;
  // A wide geometry has no blobs of this size.
  if (sizeBytes > plainBytesMax(geometryOf(store, storageClass), { tagBytes })) return 0;
  if (encryption && (encryption.form !== "AES256" || store.sealing.sealer === null)) return 0;
  const at = { ...body, ...body.from, bucket: { id: body.place.bucketId, name: body.bucketName }, key: body.place.key };
  const content = await openContent(store, at, null);
  const bodies = [{ content, sizeBytes }];
  const row = await rewrite(store, { sizeBytes, bodies, storageClass, sealing: content.objectKey });
  const move: Move = { ...body, to: [[0, sizeBytes, row.id, 0, body.id]] };
  const options = { nowMs: store.clock.now(), packObjects: null };
  return (await store.metadata.packing.move(table, row, [move], options)).length;
}

interface Rewriting {
  sizeBytes: number;
  bodies: readonly StoredContent[];
  storageClass: string;
  blockBytes?: number;
  /** Absent: they are written as they are read. */
  sealing?: ObjectKey | null;
}

/** One blob of all bodies in sequence, each verified as it is read. */
async function rewrite(store: StoreContext, rewriting: Rewriting) {
  const { sizeBytes, bodies, storageClass, blockBytes, sealing = null } = rewriting;
  const geometry = geometryOf(store, storageClass);
  const fits = sizeBytes <= plainBytesMax(geometry, { tagBytes: sealing?.tagBytes ?? 0, isBuffered: true });
  const { blobs } = await writeBody(store, {
    // Objects that are too large for one blob in memory are streamed.
    source: { ...concatenated(store, bodies, sizeBytes), readsDrives: fits },
    geometry,
    class: "large",
    storageClass,
    ...(blockBytes ? { blockBytes } : {}),
    sealing,
    admitted: Promise.resolve(),
    verify: () => {},
  });
  const [blob, ...others] = blobs;
  if (!blob || others.length > 0) throw new Error("what is rewritten is more than one blob");
  return blob;
}

function geometryOf({ settings }: StoreContext, storageClass: string): Geometry {
  return geometryOfClass(settings, storageClass);
}

function concatenated(store: StoreContext, bodies: Rewriting["bodies"], sizeBytes: number): BlobSource {
  const rest = [...bodies];
  let current: ObjectBody | null = null;
  return {
    sizeBytes,
    digests: [],
    async next() {
      for (;;) {
        const piece = await current?.next();
        if (piece) return piece;
        await current?.cancel();
        const body = rest.shift();
        if (!body) return null;
        current = new ObjectBody(store, body.content, [], { offset: 0, length: body.sizeBytes });
        await current.ready();
      }
    },
  };
}
