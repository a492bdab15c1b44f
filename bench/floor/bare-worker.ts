import { createHash } from "node:crypto";

/**
 * The floor: a Worker that moves the same bytes as Sherd over the same drives and does nothing else. No S3, no signature, no
 * digest, no coding, no metadata but where a path asks for it.
 *
 *   PUT /object      the body in pieces of 256 KiB, round robin, to one file on each drive; with x-digests its MD5 and
 *                    SHA-256 are computed, with x-parity it goes to four drives and half of it again to the other two
 *   GET /object      the same back (x-size says how many bytes)
 *   DELETE /object   removes the files
 *                    (each also as /put, an object that is only written)
 *   PUT /body        reads the body and drops it
 *   GET /body        answers x-size bytes that come from no drive
 *   GET /empty       answers nothing
 *   GET /d1-read     one D1 round trip that reads one row, then an empty answer
 *   GET /d1-write    the same and a second round trip that writes one row
 */
interface Env {
  DB: D1Database;
  [drive: `DRIVE_${number}`]: Fetcher;
}

const DRIVES = 6;
const PIECE_BYTES = 256 * 1024;

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname } = new URL(request.url);
    const sizeBytes = Number(request.headers.get(request.method === "PUT" ? "content-length" : "x-size"));
    switch (`${request.method} ${pathname}`) {
      case "PUT /object":
      case "PUT /put":
        return putObject(request, env, `http://disk${pathname}`);
      case "GET /object":
      case "GET /put":
        return getObject(env, `http://disk${pathname}`, sizeBytes);
      case "DELETE /put":
      case "DELETE /object":
        await Promise.all(drives(env).map((drive) => drive.fetch(`http://disk${pathname}`, { method: "DELETE" })));
        return new Response(null, { status: 204 });
      case "PUT /body":
        for (const source = pieces(request); (await source()) !== null; );
        return new Response(null);
      case "GET /body":
        return getBody(sizeBytes);
      case "GET /empty":
        return new Response(null);
      case "GET /d1-read":
        await readRow(env);
        return new Response(null);
      case "GET /d1-write":
        await readRow(env);
        await writeRow(env);
        return new Response(null);
      default:
        return new Response(null, { status: 404 });
    }
  },
};

function drives(env: Env): Fetcher[] {
  return Array.from({ length: DRIVES }, (_, index) => env[`DRIVE_${index + 1}`] as Fetcher);
}

/** Bytes that fall to each of `columns` drives. */
function columnBytes(sizeBytes: number, columns: number, column: number): number {
  const roundBytes = columns * PIECE_BYTES;
  const lastRoundBytes = (sizeBytes % roundBytes) - column * PIECE_BYTES;
  return Math.floor(sizeBytes / roundBytes) * PIECE_BYTES + Math.max(0, Math.min(PIECE_BYTES, lastRoundBytes));
}

/** `file` is its URL on each drive. */
async function putObject(request: Request, env: Env, file: string): Promise<Response> {
  const sizeBytes = Number(request.headers.get("content-length"));
  const hashes = request.headers.has("x-digests") ? [createHash("md5"), createHash("sha256")] : [];
  const columns = request.headers.has("x-parity") ? 4 : DRIVES;
  const files = drives(env).map((drive, index) => {
    // A drive beyond the columns gets what the first one gets.
    const { readable, writable } = new FixedLengthStream(columnBytes(sizeBytes, columns, index < columns ? index : 0));
    const stored = drive.fetch(file, { method: "PUT", body: readable });
    return { writer: writable.getWriter(), stored };
  });
  const next = pieces(request);
  for (let at = 0; ; at++) {
    const piece = await next();
    if (piece === null) break;
    for (const hash of hashes) hash.update(piece);
    const column = at % columns;
    const takers = files.filter((_, index) => index === column || (column === 0 && index >= columns));
    await Promise.all(takers.map(({ writer }) => writer.write(piece)));
  }
  const closed = files.map(async ({ writer, stored }) => {
    await writer.close();
    return (await stored).status;
  });
  const statuses = await Promise.all(closed);
  const etag = hashes.map((hash) => hash.digest("hex")).join("-");
  return new Response(null, { status: statuses.every((status) => status === 204) ? 200 : 500, headers: { etag } });
}

/** The body's pieces in one buffer that is used again; null at the end. */
function pieces(request: Request): () => Promise<Uint8Array | null> {
  const reader = (request.body as ReadableStream<Uint8Array>).getReader({ mode: "byob" });
  let buffer = new ArrayBuffer(PIECE_BYTES);
  return async () => {
    const { value } = await reader.readAtLeast(PIECE_BYTES, new Uint8Array(buffer));
    if (value) buffer = value.buffer as ArrayBuffer;
    return value && value.length > 0 ? value : null;
  };
}

async function getObject(env: Env, file: string, sizeBytes: number): Promise<Response> {
  const files = await Promise.all(drives(env).map((drive) => drive.fetch(file)));
  const { readable, writable } = new FixedLengthStream(sizeBytes);
  void interleave(files, writable, sizeBytes);
  return new Response(readable);
}

async function interleave(files: Response[], writable: WritableStream<Uint8Array>, sizeBytes: number): Promise<void> {
  const readers = files.map((file) => (file.body as ReadableStream<Uint8Array>).getReader({ mode: "byob" }));
  const writer = writable.getWriter();
  let buffer = new ArrayBuffer(PIECE_BYTES);
  for (let at = 0; at * PIECE_BYTES < sizeBytes; at++) {
    const reader = readers[at % DRIVES] as ReadableStreamBYOBReader;
    const wantedBytes = Math.min(PIECE_BYTES, sizeBytes - at * PIECE_BYTES);
    const { value } = await reader.readAtLeast(wantedBytes, new Uint8Array(buffer, 0, wantedBytes));
    if (!value) throw new Error("a file is too short");
    await writer.write(value);
    buffer = value.buffer as ArrayBuffer;
  }
  await writer.close();
}

function getBody(sizeBytes: number): Response {
  if (sizeBytes <= PIECE_BYTES) return new Response(new Uint8Array(sizeBytes));
  const { readable, writable } = new FixedLengthStream(sizeBytes);
  const writer = writable.getWriter();
  const send = async () => {
    const piece = new Uint8Array(PIECE_BYTES);
    for (let left = sizeBytes; left > 0; left -= PIECE_BYTES) await writer.write(piece.subarray(0, left));
    await writer.close();
  };
  void send();
  return new Response(readable);
}

async function readRow(env: Env): Promise<void> {
  await env.DB.prepare("SELECT value FROM floor WHERE key = ?1").bind("one").all();
}

async function writeRow(env: Env): Promise<void> {
  const value = crypto.randomUUID();
  await env.DB.batch([env.DB.prepare("INSERT OR REPLACE INTO floor (key, value) VALUES ('two', ?1)").bind(value)]);
}
