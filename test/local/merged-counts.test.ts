import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type CountsAnswer, MergedCounts, sumMetrics } from "../../local/host/merged-counts.ts";
import type { RecentError } from "../../src/edge/recent-errors.ts";

let folder: string;
const servers: Server[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sherd-test-"));
});
afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await rm(folder, { recursive: true });
});

interface Told {
  path: string;
  answer: CountsAnswer | null;
  errors: RecentError[];
}

/** A process that answers what is set; null: it does not answer. */
async function process(name: string): Promise<Told> {
  const one: Told = { path: join(folder, name), answer: null, errors: [] };
  const server = createServer(({ url }, response) => {
    if (one.answer && url === "/errors") response.end(JSON.stringify(one.errors));
    else if (one.answer) response.end(JSON.stringify(one.answer));
    else response.destroy();
  });
  server.listen(one.path);
  await once(server, "listening");
  servers.push(server);
  return one;
}

function counted(isolate: string, value: number): CountsAnswer {
  const samples = [{ labels: { operation: "PutObject" }, value }];
  return { isolate, metrics: [{ name: "puts_total", help: "", type: "counter", samples }] };
}

const total = (counts: MergedCounts) => counts.metrics()[0]?.samples[0]?.value;

test("a sum over processes never goes back, whichever of them ends or does not answer", async () => {
  const [a, b] = [await process("a"), await process("b")];
  const counts = new MergedCounts([a.path, b.path]);
  a.answer = counted("a1", 5);
  b.answer = counted("b1", 7);
  await counts.refresh();
  expect(total(counts)).toBe(12);
  a.answer = null;
  b.answer = counted("b1", 8);
  await counts.refresh();
  expect(total(counts)).toBe(13);
  a.answer = counted("a2", 1);
  await counts.refresh();
  expect(total(counts)).toBe(14);
  a.answer = counted("a3", 2);
  b.answer = counted("b1", 6); // an answer that was overtaken
  await counts.refresh();
  expect(total(counts)).toBe(5 + 1 + 2 + 8);
});

test("what a process tells by itself counts too, and stays when it has ended", async () => {
  const counts = new MergedCounts([]);
  counts.take("jobs", counted("j1", 3));
  counts.take("jobs", counted("j1", 5));
  counts.take("jobs", counted("j2", 1));
  await counts.refresh();
  expect(total(counts)).toBe(6);
});

test("samples are one if name, suffix and labels are, in whatever order", () => {
  const of = (samples: object[]) => [{ name: "x", help: "", type: "histogram" as const, samples: samples as never }];
  const sum = sumMetrics([
    of([
      { suffix: "_sum", labels: { a: "1", b: "2" }, value: 1 },
      { suffix: "_count", value: 2 },
    ]),
    of([
      { suffix: "_sum", labels: { b: "2", a: "1" }, value: 3 },
      { suffix: "_sum", value: 4 },
    ]),
  ]);
  expect(sum[0]?.samples.map(({ value }) => value)).toEqual([4, 2, 4]);
});

test("the last errors of all processes are one list, the newest first", async () => {
  const [a, b, c] = [await process("a"), await process("b"), await process("c")];
  const error = (requestId: string, atMs: number): RecentError => ({
    ...{ atMs, status: 503, code: "SlowDown", operation: "GetObject", service: "s3", bucket: null, requestId },
  });
  for (const one of [a, b]) one.answer = counted("x", 1);
  a.errors = [error("1", 10)];
  b.errors = [error("2", 30), error("3", 5)];
  const all = await new MergedCounts([a.path, b.path, c.path]).errors();
  expect(all.map(({ requestId }) => requestId)).toEqual(["2", "1", "3"]);
});
