import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { BenchClient } from "../support/http-client.ts";
import { prepare, startSherd } from "../support/sherd-server.ts";
import type { ObjectRequest } from "../support/signed-request.ts";
import { percentile } from "../support/statistics.ts";
import { Undo } from "../support/undo.ts";
import { fillStatements } from "./rows.ts";

/** What is asked before and during the expiry, in turn, of another bucket. */
const PROBES = ["HeadObject", "GetObject 4 KiB", "PutObject 4 KiB", "ListObjectsV2, 100 keys"] as const;
type Probe = (typeof PROBES)[number];

const CRON_SECONDS = 10;
const LISTED = 100;
const BEFORE_SECONDS = 20;
/** Between two requests. The server is asked, not loaded. */
const PAUSE_MS = 5;
const SECONDS_MAX = 15 * 60;
const TELL_MS = 10_000;
const RULES = `<LifecycleConfiguration><Rule><ID>a month</ID><Filter/><Status>Enabled</Status>
  <Expiration><Days>30</Days></Expiration></Rule></LifecycleConfiguration>`;

/** One kind of request while a bucket of which all is due expires under `npm start`. */
export interface ServedRow {
  request: Probe;
  /** Objects that expired meanwhile, and in what time. */
  expired: number;
  seconds: number;
  expiredPerSecond: number;
  requestsBefore: number;
  requestsDuring: number;
  p50Before: number;
  p50During: number;
  p99Before: number;
  p99During: number;
  p99Ratio: number;
}

type Times = Map<Probe, number[]>;

/**
 * Fills a bucket of a server that stands still with objects that are due, starts the server, sets the rule and waits until a listing
 * finds nothing. Throws if that takes more than a quarter of an hour.
 */
export async function measureServed(expired: number): Promise<ServedRow[]> {
  const undo = new Undo();
  return undo.after(async () => {
    const folder = await mkdtemp(join(tmpdir(), "sherd-lifecycle-"));
    undo.push(() => rm(folder, { recursive: true, force: true }));
    const client = new BenchClient();
    undo.push(() => client.close());
    await fill(client, folder, expired);
    tell(`${expired} objects are there`);
    const server = await startSherd(folder, undefined, { SHERD_CRON_SECONDS: `${CRON_SECONDS}` });
    undo.push(() => server.stop());
    const send = (request: ObjectRequest) => client.expect(prepare(server.endpoint, request));

    const untilMs = performance.now() + BEFORE_SECONDS * 1000;
    const before = await probe(send, () => performance.now() < untilMs);
    tell("the rule is set");
    const beganMs = performance.now();
    await send({ method: "PUT", bucket: "filled", query: "lifecycle=", body: Buffer.from(RULES) });
    let isGone = false;
    const probing = probe(send, () => !isGone);
    try {
      await untilGone(send, beganMs);
    } finally {
      isGone = true;
    }
    const seconds = (performance.now() - beganMs) / 1000;
    const during = await probing;
    return PROBES.map((request) => rowOf(request, { expired, seconds, before, during }));
  });
}

function tell(line: string): void {
  process.stderr.write(`${(performance.now() / 1000).toFixed(0)} s: ${line}\n`);
}

async function fill(client: BenchClient, folder: string, keys: number): Promise<void> {
  const server = await startSherd(folder);
  const send = (request: ObjectRequest) => client.expect(prepare(server.endpoint, request));
  try {
    for (const bucket of ["filled", "other"]) await send({ method: "PUT", bucket });
    for (let n = 0; n < LISTED; n++) {
      await send({ method: "PUT", bucket: "other", key: `listed/${n}`, body: Buffer.alloc(4096, n) });
    }
  } finally {
    await server.stop();
  }
  const databases = join(folder, "metadata", "d1", "miniflare-D1DatabaseObject");
  const [file] = (await readdir(databases)).filter((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite");
  const database = new DatabaseSync(join(databases, file as string));
  try {
    for (const sql of fillStatements({ bucket: "filled", keys, dueEvery: 1 }, Date.now())) database.exec(sql);
  } finally {
    database.close();
  }
}

type Send = (request: ObjectRequest) => Promise<{ ms: number; text: string }>;

async function probe(send: Send, more: () => boolean): Promise<Times> {
  const requests: Record<Probe, ObjectRequest> = {
    HeadObject: { method: "HEAD", bucket: "other", key: "listed/1" },
    "GetObject 4 KiB": { method: "GET", bucket: "other", key: "listed/1" },
    "PutObject 4 KiB": { method: "PUT", bucket: "other", key: "written", body: Buffer.alloc(4096, 1) },
    "ListObjectsV2, 100 keys": { method: "GET", bucket: "other", query: "list-type=2&prefix=listed%2F" },
  };
  const times: Times = new Map(PROBES.map((request) => [request, []]));
  while (more()) {
    for (const request of PROBES) {
      times.get(request)?.push((await send(requests[request])).ms);
      await sleep(PAUSE_MS);
    }
  }
  return times;
}

async function untilGone(send: Send, beganMs: number): Promise<void> {
  let tellMs = beganMs + TELL_MS;
  for (;;) {
    const { text } = await send({ method: "GET", bucket: "filled", query: "list-type=2&max-keys=1" });
    if (text.includes("<KeyCount>0</KeyCount>")) return;
    if (performance.now() > tellMs) {
      tell(`the first key that is left: ${/<Key>([^<]*)/.exec(text)?.[1]}`);
      tellMs += TELL_MS;
    }
    if (performance.now() - beganMs > SECONDS_MAX * 1000) throw new Error(`not gone after ${SECONDS_MAX} s`);
    await sleep(500);
  }
}

function rowOf(
  request: Probe,
  { expired, seconds, before, during }: { expired: number; seconds: number; before: Times; during: Times },
): ServedRow {
  const [early, late] = [before.get(request) ?? [], during.get(request) ?? []];
  const [p99Before, p99During] = [percentile(early, 0.99), percentile(late, 0.99)];
  return {
    ...{ request, expired, seconds, expiredPerSecond: expired / seconds },
    ...{ requestsBefore: early.length, requestsDuring: late.length },
    ...{ p50Before: percentile(early, 0.5), p50During: percentile(late, 0.5) },
    ...{ p99Before, p99During, p99Ratio: p99During / p99Before },
  };
}
