import { deepStrictEqual, ok, strictEqual, throws } from "node:assert";
import { describe, test } from "vitest";
import { DriveConfigError, parseDrives } from "../../src/drives/config.ts";
import type { DriveError } from "../../src/drives/drive.ts";
import { openDrives } from "../../src/drives/open.ts";
import { ManualClock } from "../support/manual-clock.ts";

/** Stand-ins that have the methods by which bindings are told apart. */
const r2 = { createMultipartUpload: () => {} };
const kv = { getWithMetadata: () => {} };
const disk = { fetch: () => {} };
const env = { R2_1: r2, R2_2: r2, KV_1: kv, DISK_1: disk, KEY_ID: "id", SECRET: "secret", EMPTY: "" };
const parts = {
  clock: new ManualClock(),
  random: (count: number) => new Uint8Array(count),
  fetch: () => Promise.reject(new Error("no network here")),
};

const elsewhere = {
  name: "elsewhere",
  type: "s3",
  endpoint: "https://s3.example.com",
  region: "eu-central-1",
  bucket: "shards",
  accessKeyIdSecret: "KEY_ID",
  secretAccessKeySecret: "SECRET",
};

function problems(source: unknown): readonly string[] {
  let found: readonly string[] = [];
  throws(
    () => parseDrives(source, env),
    (error: unknown) => {
      ok(error instanceof DriveConfigError);
      for (const problem of error.problems) ok(error.message.includes(problem));
      found = error.problems;
      return true;
    },
  );
  return found;
}

function assertProblem(source: unknown, expected: RegExp): void {
  const found = problems(source);
  strictEqual(found.length, 1, found.join("\n"));
  ok(expected.test(found[0]!), found.join());
}

describe("parseDrives", () => {
  test("fills in what is left out", () => {
    const drives = [
      { name: "one", type: "r2", binding: "R2_1" },
      { name: "cache", type: "kv", binding: "KV_1" },
      { name: "here", type: "disk", binding: "DISK_1" },
      elsewhere,
    ];
    const [one, cache, here, other] = parseDrives(JSON.stringify(drives), env);
    const bytes = { r2: Math.floor(4.99 * 2 ** 30), kv: 4 * 2 ** 20, disk: 5 * 2 ** 40, s3: 5 * 2 ** 30 };
    deepStrictEqual(one, { ...drives[0], domain: "one", class: "both", shardBytesMax: bytes.r2 });
    deepStrictEqual(cache, { ...drives[1], domain: "cache", class: "small", shardBytesMax: bytes.kv });
    deepStrictEqual(here, { ...drives[2], domain: "here", class: "both", shardBytesMax: bytes.disk });
    deepStrictEqual(other, { ...elsewhere, prefix: "", domain: "elsewhere", class: "both", shardBytesMax: bytes.s3 });
  });

  test("takes what is given, and a value that is JSON already", () => {
    const given = {
      ...elsewhere,
      domain: "frankfurt",
      class: "large",
      shardBytesMax: 1_000_000,
      draining: true,
      timeoutSeconds: 3,
      endpoint: "https://s3.example.com/path/",
      prefix: "a/b",
    };
    const [spec] = parseDrives([given], env);
    deepStrictEqual(spec, { ...given, endpoint: "https://s3.example.com/path", prefix: "a/b/" });
  });

  test("a drive is not being emptied unless that is said", () => {
    const one = { name: "one", type: "r2", binding: "R2_1" };
    strictEqual(parseDrives([one], env)[0]?.draining, undefined);
    strictEqual(parseDrives([{ ...one, draining: false }], env)[0]?.draining, undefined);
    strictEqual(openDrives(parseDrives([{ ...one, draining: true }], env), env, parts)[0]?.draining, true);
    strictEqual(openDrives(parseDrives([one], env), env, parts)[0]?.draining, false);
  });

  test.each([
    [undefined, 10_000],
    [3, 2_000],
  ])("a drive with a time limit of %s s is given up after %d ms without an answer", async (timeoutSeconds, afterMs) => {
    const clock = new ManualClock();
    const bucket = { ...r2, head: () => new Promise(() => {}) };
    const one = { name: "one", type: "r2", binding: "R2", ...(timeoutSeconds && { timeoutSeconds }) };
    const [drive] = openDrives(parseDrives([one], { R2: bucket }), { R2: bucket }, { ...parts, clock });
    const failed = drive!.head("key").then(
      () => null,
      (error: unknown) => error,
    );
    let isOver = false;
    void failed.then(() => {
      isOver = true;
    });
    await clock.advance(afterMs - 1);
    strictEqual(isOver, false);
    // Two more attempts, and the pauses between them.
    await clock.advance(3 * afterMs);
    strictEqual(((await failed) as DriveError).fault, "timeout");
  });

  test.each([
    ["it is not set", undefined, /not set/],
    ["it is not JSON", "[{", /not JSON/],
    ["it is no list", "{}", /JSON list/],
    ["it is empty", "[]", /at least one drive/],
    ["an entry is no object", ["r2"], /^drive 1 must be an object/],
    ["the type is missing", [{ name: "one", binding: "R2_1" }], /^drive 1 \("one"\) must have a "type": one of r2/],
    ["the type is unknown", [{ name: "one", type: "toString", binding: "R2_1" }], /"type"/],
    [
      "a field is unknown",
      [{ name: "one", type: "r2", bindng: 1, binding: "R2_1" }],
      /unknown field "bindng"; .*binding/,
    ],
    [
      "a field is of another type",
      [{ name: "one", type: "r2", binding: "R2_1", region: "auto" }],
      /unknown field "region"/,
    ],
    ["the name is missing", [{ type: "r2", binding: "R2_1" }], /^drive 1 lacks "name": it must be 1 to 32 of/],
    ["the name has other characters", [{ name: "Drive 1", type: "r2", binding: "R2_1" }], /wrong "name"/],
    ["the name is too long", [{ name: "a".repeat(33), type: "r2", binding: "R2_1" }], /wrong "name"/],
    ["the domain is wrong", [{ name: "one", type: "r2", binding: "R2_1", domain: "" }], /wrong "domain"/],
    [
      "the class is unknown",
      [{ name: "one", type: "r2", binding: "R2_1", class: "huge" }],
      /"class": it must be small/,
    ],
    ["the binding is missing", [{ name: "one", type: "r2" }], /lacks "binding"/],
    ["the Worker lacks the binding", [{ name: "one", type: "r2", binding: "R2_9" }], /R2_9, which the Worker does not/],
    ["the binding is of another type", [{ name: "one", type: "r2", binding: "KV_1" }], /KV_1, which is not .* r2/],
    ["the binding is a text", [{ name: "one", type: "disk", binding: "SECRET" }], /not one of type disk/],
    ["shards are too large for KV", [{ name: "one", type: "kv", binding: "KV_1", shardBytesMax: 2 ** 25 }], /26214400/],
    ["a size is no number", [{ name: "one", type: "r2", binding: "R2_1", shardBytesMax: "1 GB" }], /"shardBytesMax"/],
    [
      "a time limit is none",
      [{ name: "one", type: "r2", binding: "R2_1", timeoutSeconds: 0 }],
      /"timeoutSeconds".* 1 to/,
    ],
    ["a time limit is too long", [{ name: "one", type: "r2", binding: "R2_1", timeoutSeconds: 301 }], / to 300/],
    [
      "draining is no truth value",
      [{ name: "one", type: "r2", binding: "R2_1", draining: "yes" }],
      /"draining".* true or/,
    ],
    ["the endpoint is missing", [{ ...elsewhere, endpoint: undefined }], /lacks "endpoint"/],
    ["the endpoint is no URL", [{ ...elsewhere, endpoint: "https://[oops" }], /"endpoint" that is not a URL/],
    ["the endpoint has credentials", [{ ...elsewhere, endpoint: "https://a:b@example.com" }], /wrong "endpoint"/],
    ["the endpoint is plain http", [{ ...elsewhere, endpoint: "http://s3.example.com" }], /use https/],
    ["the region is wrong", [{ ...elsewhere, region: "eu central" }], /wrong "region"/],
    ["the bucket is wrong", [{ ...elsewhere, bucket: "a/b" }], /wrong "bucket"/],
    ["the prefix begins with a slash", [{ ...elsewhere, prefix: "/a" }], /wrong "prefix"/],
    ["a secret is not set", [{ ...elsewhere, secretAccessKeySecret: "NOWHERE" }], /secret put NOWHERE/],
    ["a secret is empty", [{ ...elsewhere, accessKeyIdSecret: "EMPTY" }], /secret put EMPTY/],
    ["a secret is no name", [{ ...elsewhere, accessKeyIdSecret: "AKIA/x+y" }], /wrong "accessKeyIdSecret"/],
  ])("says what to mend where %s", (_, source, expected) => assertProblem(source, expected));

  test("never repeats the secrets themselves", () => {
    const found = problems([{ ...elsewhere, accessKeyIdSecret: "wJalrXUtnFEMI/K7MDENG" }]).join();
    ok(!found.includes("wJalr"));
  });

  test("http is for this machine", () => {
    for (const endpoint of ["http://127.0.0.1:9000", "http://localhost:9000", "http://[::1]:9000"]) {
      strictEqual(parseDrives([{ ...elsewhere, endpoint }], env).length, 1);
    }
    assertProblem([{ ...elsewhere, endpoint: "http://127.0.0.1.example.com" }], /use https/);
  });

  test("no two drives share a name or a place", () => {
    const one = { name: "one", type: "r2", binding: "R2_1" };
    assertProblem([one, { ...one, binding: "R2_2" }], /two drives are named "one"/);
    assertProblem([one, { ...one, name: "two" }], /"one" and "two" are the same place/);
    assertProblem([elsewhere, { ...elsewhere, name: "two" }], /"elsewhere" and "two" are the same place/);
    strictEqual(parseDrives([elsewhere, { ...elsewhere, name: "two", prefix: "other" }], env).length, 2);
  });

  test("tells all problems at once", () => {
    const found = problems([
      { name: "one", type: "r2", binding: "R2_9", class: "huge" },
      { name: "two", type: "s3" },
      { name: "three", type: "kv", binding: "KV_1" },
    ]);
    strictEqual(found.filter((problem) => problem.startsWith('drive 1 ("one")')).length, 2);
    strictEqual(found.filter((problem) => problem.startsWith('drive 2 ("two")')).length, 5);
    strictEqual(found.length, 7);
  });
});
