import { ok, strictEqual } from "node:assert";
import { DiskDrive } from "../../src/drives/disk.ts";
import { streamWriter } from "../../src/drives/stream-writer.ts";
import { assertFails, freshKey, pattern } from "./contract.ts";

/**
 * How a streamed put bears a drive that misbehaves, seen from inside workerd, whose FixedLengthStream it needs. The drive is a
 * stand-in for the disk service, that does with a PUT what a case tells it.
 */
export const streamCases: readonly { name: string; run(): Promise<void> }[] = [
  { name: "a refusal that comes before the body ends a waiting write", run: () => answeredEarly(403, "refused") },
  { name: "an answer that comes before the body was sent is no success", run: () => answeredEarly(204, "unknown") },
  { name: "a drive that takes all but the end has not got a whole body", run: lastByteHeldBack },
  { name: "an abort reaches the drive as a broken body and a signal", run: abortReachesDrive },
  { name: "an abort ends a write that the drive never takes", run: abortEndsStuckWrite },
  { name: "a drive that fails after the whole body fails the close", run: failsAtEnd },
  { name: "a drive that answers without reading to the end fails the close", run: answeredWithoutEnd },
  { name: "memory is free when write has resolved, however the drive reads", run: readSlowly },
];

const SIZE = 300_000;

function driveThat(put: (body: ReadableStream<Uint8Array>, signal: AbortSignal) => Promise<Response>): DiskDrive {
  const traits = { name: "odd", domain: "odd", class: "both", shardBytesMax: 1e9 } as const;
  const fetch = (_: unknown, init?: RequestInit) => put(init!.body as ReadableStream<Uint8Array>, init!.signal!);
  return new DiskDrive(traits, { fetch });
}

async function answeredEarly(status: number, fault: "refused" | "unknown"): Promise<void> {
  const drive = driveThat(async () => new Response(null, { status }));
  const writer = drive.put(freshKey(), SIZE);
  await assertFails(writer.write(pattern(SIZE)), fault);
  await assertFails(writer.close(), fault);
  await writer.abort();
}

async function lastByteHeldBack(): Promise<void> {
  let seenBytes = 0;
  const drive = driveThat(async (body) => {
    for await (const chunk of body) seenBytes += chunk.length;
    return new Response(null, { status: 204 });
  });
  const writer = drive.put(freshKey(), SIZE);
  await writer.write(pattern(SIZE / 2));
  await writer.write(pattern(SIZE / 2));
  while (seenBytes < SIZE - 1) await new Promise((resolve) => setTimeout(resolve, 0));
  await new Promise((resolve) => setTimeout(resolve, 20));
  strictEqual(seenBytes, SIZE - 1);
  await writer.close();
  strictEqual(seenBytes, SIZE);
}

async function abortReachesDrive(): Promise<void> {
  const broken = Promise.withResolvers<unknown>();
  let given: AbortSignal | undefined;
  const drive = driveThat(async (body, signal) => {
    given = signal;
    try {
      for await (const _ of body);
      broken.resolve(null);
    } catch (error) {
      broken.resolve(error);
    }
    return new Response(null, { status: 204 });
  });
  const writer = drive.put(freshKey(), SIZE);
  await writer.write(pattern(SIZE / 2));
  await writer.abort();
  ok((await broken.promise) instanceof Error, "the body ended as if it were whole");
  ok(given!.aborted);
}

async function abortEndsStuckWrite(): Promise<void> {
  const drive = driveThat(() => new Promise(() => {}));
  const writer = drive.put(freshKey(), SIZE);
  const written = assertFails(writer.write(pattern(SIZE)), "short");
  await writer.abort();
  await written;
}

async function failsAtEnd(): Promise<void> {
  const drive = driveThat(async (body) => {
    for await (const _ of body);
    throw new Error("disk on fire");
  });
  const writer = drive.put(freshKey(), SIZE);
  await writer.write(pattern(SIZE));
  await assertFails(writer.close(), "unknown");
  await writer.abort();
}

async function answeredWithoutEnd(): Promise<void> {
  const drive = driveThat(async (body) => {
    const reader = body.getReader();
    let seenBytes = 0;
    while (seenBytes < SIZE - 1) seenBytes += (await reader.read()).value!.length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    await reader.cancel();
    return new Response(null, { status: 204 });
  });
  const writer = drive.put(freshKey(), SIZE);
  // A write may be told first, where the drive has not asked for what follows.
  await assertFails(writer.write(pattern(SIZE)).then(() => writer.close()));
}

async function readSlowly(): Promise<void> {
  const got: number[] = [];
  const send = async (body: ReadableStream<Uint8Array> | Uint8Array) => {
    const reader = (body as ReadableStream<Uint8Array>).getReader({ mode: "byob" });
    for (let size = 1; ; size = (size * 3) % 10_007) {
      const { done, value } = await reader.read(new Uint8Array(size));
      if (done) return;
      await new Promise((resolve) => setTimeout(resolve, 0));
      got.push(...value);
    }
  };
  const writer = streamWriter({ drive: "odd", sizeBytes: 100_000, send });
  const expected = pattern(100_000);
  for (let at = 0; at < 100_000; at += 12_500) {
    const view = expected.slice(at, at + 12_500);
    await writer.write(view);
    view.fill(0xee);
  }
  await writer.close();
  strictEqual(got.length, 100_000);
  ok(expected.every((byte, at) => got[at] === byte));
}
