import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ErasureEngine } from "../../src/erasure/engine.ts";
import {
  type BlobLayout,
  frameOffset,
  piecesOfStripe,
  shardBytes,
  stripeBlockBytes,
  stripeCount,
  stripeDataBytes,
} from "../../src/erasure/layout.ts";
import { encodeShardHeader, parseShardHeader } from "../../src/erasure/shard-header.ts";
import { createEngine } from "../support/kernel.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../docs/storage-format.md"), "utf8");
const BLOB_ID = Uint8Array.from({ length: 16 }, (_, i) => i * 17);

const engine = await createEngine(1);

/** The lines of the page's code block with this title. */
function linesOf(title: string): string[] {
  const block = PAGE.split("```").find((text) => text.startsWith(`${title}\n`));
  if (block === undefined) throw new Error(`the page has no block "${title}"`);
  return block.trim().split("\n").slice(1);
}

function blobOf(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => (31 * i + Math.floor(i / 256)) % 256);
}

/** The shard files of the page's blob, as the engine writes them. */
async function shardFiles(layout: BlobLayout): Promise<Uint8Array[]> {
  const blob = blobOf(layout.blobBytes);
  const files = Array.from({ length: layout.k + layout.m }, (_, shard) => {
    const file = new Uint8Array(shardBytes(layout));
    file.set(encodeShardHeader({ ...layout, shard, blobId: BLOB_ID }, (bytes) => engine.crc64nvme(bytes)));
    return file;
  });
  const buffer = await engine.acquire();
  for (let stripe = 0, at = 0; stripe < stripeCount(layout); stripe++) {
    buffer.begin(layout, stripeDataBytes(layout, stripe));
    at += buffer.append(blob.subarray(at));
    const { frames } = buffer.seal(BLOB_ID, stripe);
    frames.forEach((frame, shard) => {
      files[shard]?.set(frame, frameOffset(layout, stripe));
    });
  }
  buffer.release();
  return files;
}

/** The blob, read from the files that are not null. */
function readBlob(reader: ErasureEngine, files: readonly (Uint8Array | null)[]): Uint8Array {
  const parsed = parseShardHeader(files.find((file) => file !== null) as Uint8Array, (bytes) =>
    reader.crc64nvme(bytes),
  );
  if (!parsed.ok) throw new Error(parsed.flaw);
  const layout = parsed.header;
  const bytes: number[] = [];
  for (let stripe = 0; stripe < stripeCount(layout); stripe++) {
    const blocks = files.map((file, shard) => {
      const start = frameOffset(layout, stripe);
      const frame = file?.subarray(start, start + stripeBlockBytes(layout, stripe) + 8);
      if (!frame) return null;
      expect(reader.verifyFrame(frame, { blobId: layout.blobId, shard, stripe })).toBe(true);
      return frame.subarray(0, -8);
    });
    const pieces = piecesOfStripe(layout, stripe, 0, layout.blobBytes);
    const data = reader.reconstruct(
      layout,
      blocks,
      pieces.map((piece) => piece.shard),
    );
    pieces.forEach(({ begin, end }, i) => {
      bytes.push(...(data[i] as Uint8Array).subarray(begin, end));
    });
  }
  return Uint8Array.from(bytes);
}

test("the page's example, file by file", async () => {
  const files = await shardFiles({ k: 4, m: 2, blockBytes: 128, blobBytes: 300 });
  const written = files.map(() => "");
  for (const line of linesOf("files 4+2 128 300")) {
    const [shard, , hex] = line.split(/\s+/) as [string, string, string];
    written[Number(shard)] += hex;
  }
  expect(files.map((file) => Buffer.from(file).toString("hex"))).toEqual(written);
});

const cases = new Map<string, { layout: BlobLayout; digests: Map<number, string> }>();
for (const line of linesOf("digests")) {
  const [geometry, blockBytes, blobBytes, shard, digest] = line.split(/\s+/) as [
    string,
    string,
    string,
    string,
    string,
  ];
  const [k, m] = geometry.split("+").map(Number) as [number, number];
  const layout = { k, m, blockBytes: Number(blockBytes), blobBytes: Number(blobBytes) };
  const entry = cases.get(JSON.stringify(layout)) ?? { layout, digests: new Map<number, string>() };
  entry.digests.set(Number(shard), digest);
  cases.set(JSON.stringify(layout), entry);
}

describe.each([...cases.values()])("$layout.k+$layout.m, $layout.blobBytes bytes", ({ layout, digests }) => {
  test("files have the page's digests", async () => {
    const files = await shardFiles(layout);
    const actual = [...digests.keys()].map((shard) =>
      createHash("sha256")
        .update(files[shard] as Uint8Array)
        .digest("hex"),
    );
    expect(actual).toEqual([...digests.values()]);
  });

  test("the blob is read back with the first m shards lost", async () => {
    const files = await shardFiles(layout);
    const left = files.map((file, shard) => (shard < layout.m ? null : file));
    expect(readBlob(engine, left)).toEqual(blobOf(layout.blobBytes));
  });
});

test("the page covers every specialised geometry", () => {
  const geometries = [...cases.values()].map(({ layout: { k, m } }) => `${k}+${m}`);
  for (const geometry of ["1+2", "4+2", "6+3", "8+4", "10+4", "16+4"]) expect(geometries).toContain(geometry);
});
