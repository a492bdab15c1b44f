import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { firstAccount } from "../../../../src/auth/principal.ts";
import { AccessLog } from "../../../../src/logging/access-log.ts";
import { deliverLogs } from "../../../../src/logging/deliver-logs.ts";
import type { AccessRecord } from "../../../../src/logging/line.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { allowing, otherRoot, root, type S3As, s3As, user } from "../../../support/s3-as.ts";
import { openTestStore, type TestStore } from "../../../support/store.ts";

let rig: TestStore;
let clock: ManualClock;
let ask: S3As;
let lines: string[];
const log = { info: (line: string) => lines.push(line), error: (line: string) => lines.push(line) };

beforeEach(async () => {
  clock = new ManualClock(Date.UTC(2026, 10, 29, 6));
  rig = await openTestStore({ clock });
  ask = s3As(rig.store, root);
  lines = [];
  for (const bucket of ["box", "logs"]) await ask({ method: "PUT", path: `/${bucket}` });
  await letIn("logs");
});
afterEach(() => rig.dispose());

async function letIn(
  bucket: string,
  condition: object = {
    ArnLike: { "aws:SourceArn": "arn:aws:s3:::box" },
    StringEquals: { "aws:SourceAccount": firstAccount.accountId },
  },
) {
  const statement = {
    Effect: "Allow",
    Principal: { Service: "logging.s3.amazonaws.com" },
    Action: "s3:PutObject",
    Resource: `arn:aws:s3:::${bucket}/*`,
    Condition: condition,
  };
  const body = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  expect((await ask({ method: "PUT", path: `/${bucket}?policy`, body })).status).toBe(204);
}

function document(target: string, inner = ""): string {
  return `<BucketLoggingStatus xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LoggingEnabled><TargetBucket>${target}</TargetBucket><TargetPrefix>p/</TargetPrefix>${inner}</LoggingEnabled></BucketLoggingStatus>`;
}

const configure = (body: string, as = ask) => as({ method: "PUT", path: "/box?logging", body });
const format = (inner: string) => `<TargetObjectKeyFormat>${inner}</TargetObjectKeyFormat>`;

describe("PutBucketLogging", () => {
  it.each([
    ["", "<SimplePrefix/>|<SimplePrefix></SimplePrefix>"],
    [format("<SimplePrefix/>"), "<SimplePrefix/>|<SimplePrefix></SimplePrefix>"],
    [
      format("<PartitionedPrefix><PartitionDateSource>EventTime</PartitionDateSource></PartitionedPrefix>"),
      "<PartitionedPrefix><PartitionDateSource>EventTime</PartitionDateSource></PartitionedPrefix>",
    ],
  ])("is told as it was set (%s)", async (inner, shown) => {
    expect((await configure(document("logs", inner))).status).toBe(200);
    const { text } = await ask({ path: "/box?logging" });
    expect(text).toContain("<TargetBucket>logs</TargetBucket><TargetPrefix>p/</TargetPrefix>");
    expect(text).toMatch(new RegExp(shown));
    expect((await configure("<BucketLoggingStatus/>")).status).toBe(200);
    expect((await ask({ path: "/box?logging" })).text).not.toContain("LoggingEnabled");
  });

  it.each([
    ["is not there", "none", ""],
    ["does not let the service in", "box", ""],
  ])("refuses a target that %s", async (_, target, inner) => {
    expect((await configure(document(target, inner))).code).toBe("InvalidTargetBucketForLogging");
  });

  it("refuses a target whose policy is for another bucket, or which is another account's", async () => {
    await letIn("logs", { ArnLike: { "aws:SourceArn": "arn:aws:s3:::other" } });
    expect((await configure(document("logs"))).code).toBe("InvalidTargetBucketForLogging");
    const other = s3As(rig.store, otherRoot);
    await other({ method: "PUT", path: "/theirs" });
    expect((await configure(document("theirs"))).code).toBe("InvalidTargetBucketForLogging");
  });

  it("refuses a target in another region", async () => {
    const body =
      "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";
    expect((await ask({ method: "PUT", path: "/afar", body })).status).toBe(200);
    await letIn("afar");
    expect((await configure(document("afar"))).code).toBe("CrossLocationLoggingProhibited");
  });

  it("finds no bucket to switch off where there is none", async () => {
    const off = await ask({ method: "PUT", path: "/none?logging", body: "<BucketLoggingStatus/>" });
    expect(off.code).toBe("NoSuchBucket");
  });

  it.each([
    ["<Wrong/>", "MalformedXML"],
    [
      "<BucketLoggingStatus><LoggingEnabled><TargetBucket>logs</TargetBucket></LoggingEnabled></BucketLoggingStatus>",
      "MalformedXML",
    ],
    [document("logs", format("<SimplePrefix/><PartitionedPrefix/>")), "MalformedXML"],
    [
      document("logs", format("<PartitionedPrefix><PartitionDateSource>Now</PartitionDateSource></PartitionedPrefix>")),
      "MalformedXML",
    ],
  ])("answers %s with %s", async (body, code) => {
    expect((await configure(body)).code).toBe(code);
  });

  it("is for those who may", async () => {
    const may = s3As(rig.store, user(firstAccount, [allowing("s3:PutBucketLogging")]));
    const mayNot = s3As(rig.store, user(firstAccount, [allowing("s3:GetBucketLogging")]));
    expect((await configure(document("logs"), mayNot)).code).toBe("AccessDenied");
    expect((await configure(document("logs"), s3As(rig.store, otherRoot))).code).toBe("AccessDenied");
    expect((await configure(document("logs"), may)).status).toBe(200);
    expect((await may({ path: "/box?logging" })).code).toBe("AccessDenied");
    expect((await mayNot({ path: "/box?logging" })).status).toBe(200);
  });
});

function record(key: string, bucket = "box"): AccessRecord {
  return {
    ...{
      bucket,
      atMs: clock.now(),
      clientAddress: null,
      requester: null,
      requestId: "1",
      operation: "REST.GET.OBJECT",
      key,
    },
    ...{
      requestLine: `GET /${bucket}/${key} HTTP/1.1`,
      status: 200,
      error: null,
      sentBytes: 1,
      objectBytes: 1,
      totalMs: 1,
    },
    ...{ turnaroundMs: 1, referer: null, userAgent: null, versionId: null, hostId: "2", signature: null, cipher: null },
    ...{ authentication: null, host: null, tls: null },
  };
}

/** Keys and texts of the log objects. */
async function objects(bucket = "logs"): Promise<[string, string][]> {
  const { text } = await ask({ path: `/${bucket}?list-type=2` });
  const keys = [...text.matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, key = ""]) => key);
  return Promise.all(
    keys.map(async (key): Promise<[string, string]> => [key, (await ask({ path: `/${bucket}/${key}` })).text]),
  );
}

const keysIn = (text: string) => [...text.matchAll(/REST\.GET\.OBJECT (\S+) /g)].map(([, key]) => key);
const lifetime = { waitUntil: () => {} };
const counts = (accessLog: AccessLog) => accessLog.metrics().map(({ samples }) => samples[0]?.value);

/** Notes the bytes of the parameter of each `append` and `logged`, as D1 counts them, and refuses what D1 refuses. */
function watchParameters(): number[] {
  const { accessLogs } = rig.store.metadata;
  const append = accessLogs.append.bind(accessLogs);
  const logged = accessLogs.logged.bind(accessLogs);
  const sizes: number[] = [];
  const note = (text: string) => {
    sizes.push(Buffer.byteLength(text));
    if (Buffer.byteLength(text) > 2_000_000) throw new Error("string or blob too big");
  };
  accessLogs.append = async (rows) => {
    note(JSON.stringify(rows.map(({ bucketId, day, lines: text }) => [bucketId, day, text])));
    return append(rows);
  };
  accessLogs.logged = async (names) => {
    note(JSON.stringify(names));
    return logged(names);
  };
  return sizes;
}

describe("requests", () => {
  it("to a bucket that logs become one object, of many isolates", async () => {
    await configure(document("logs"));
    for (let isolate = 0; isolate < 3; isolate++) {
      const accessLog = new AccessLog(clock, log);
      for (let at = 0; at < 1000; at++) accessLog.record(rig.store, record(`k${isolate}-${at}`), lifetime);
      accessLog.record(rig.store, record("unheard", "logs"), lifetime);
      await accessLog.flush(rig.store);
      expect(accessLog.metrics().map(({ samples }) => samples[0]?.value)).toEqual([1000, 0]);
    }
    await deliverLogs(rig.store, log);
    const [found, ...more] = await objects();
    expect(more).toEqual([]);
    expect(found?.[0]).toMatch(/^p\/2026-11-29-06-00-00-[0-9A-F]{16}$/);
    expect(keysIn(found?.[1] ?? "")).toHaveLength(3000);
    await deliverLogs(rig.store, log);
    expect(await objects()).toHaveLength(1);
  });

  it("are written down some seconds later by themselves", async () => {
    await configure(document("logs"));
    const accessLog = new AccessLog(clock, log);
    const works: Promise<unknown>[] = [];
    for (let at = 0; at < 3; at++)
      accessLog.record(rig.store, record(`${at}`), { waitUntil: (work) => works.push(work) });
    expect(works).toHaveLength(1);
    await clock.advance(5_000);
    await Promise.all(works);
    expect(accessLog.metrics()[0]?.samples[0]?.value).toBe(3);
  });

  it("of a day that is over have an object of their own", async () => {
    await configure(
      document(
        "logs",
        format("<PartitionedPrefix><PartitionDateSource>EventTime</PartitionDateSource></PartitionedPrefix>"),
      ),
    );
    const accessLog = new AccessLog(clock, log);
    accessLog.record(rig.store, { ...record("late"), atMs: clock.now() - 86_400_000 }, lifetime);
    accessLog.record(rig.store, record("now"), lifetime);
    await accessLog.flush(rig.store);
    await deliverLogs(rig.store, log);
    expect((await objects()).map(([key, text]) => [key.slice(0, -17), keysIn(text)])).toEqual([
      ["p/100000000001/us-east-1/box/2026/11/28/2026-11-28-00-00-00", ["late"]],
      ["p/100000000001/us-east-1/box/2026/11/29/2026-11-29-00-00-00", ["now"]],
    ]);
  });

  it("that were being delivered when it stopped are in the same object", async () => {
    await configure(document("logs"));
    const accessLog = new AccessLog(clock, log);
    accessLog.record(rig.store, record("a"), lifetime);
    await accessLog.flush(rig.store);
    const { accessLogs } = rig.store.metadata;
    const nowMs = clock.now();
    await accessLogs.claim(`${nowMs}-00FF`, { nowMs, abandonedMs: nowMs - 300_000, bytes: 1_000 });
    await deliverLogs(rig.store, log);
    expect(await objects()).toEqual([]);
    await clock.advance(300_001);
    await deliverLogs(rig.store, log);
    expect((await objects()).map(([key, text]) => [key, keysIn(text)])).toEqual([
      ["p/2026-11-29-06-00-00-00FF", ["a"]],
    ]);
    await deliverLogs(rig.store, log);
    expect(await objects()).toHaveLength(1);
  });

  it("wait for a target that refuses, a day at most", async () => {
    await configure(document("logs"));
    const accessLog = new AccessLog(clock, log);
    accessLog.record(rig.store, record("a"), lifetime);
    await accessLog.flush(rig.store);
    await ask({ method: "DELETE", path: "/logs?policy" });
    await deliverLogs(rig.store, log);
    expect(lines).toEqual(["access logs of box: the target bucket logs does not take them (not-allowed)"]);
    await letIn("logs");
    await clock.advance(300_001);
    await deliverLogs(rig.store, log);
    expect(await objects()).toHaveLength(1);
    accessLog.record(rig.store, record("b"), lifetime);
    await accessLog.flush(rig.store);
    await ask({ method: "DELETE", path: "/logs?policy" });
    await deliverLogs(rig.store, log);
    await clock.advance(86_400_001);
    await deliverLogs(rig.store, log);
    expect(lines.at(-1)).toMatch(/they are dropped$/);
  });

  it.each(['"', "é", "\u{1f600}"])("by a client with a long name of %s are written beside others", async (one) => {
    await configure(document("logs"));
    const sizes = watchParameters();
    const accessLog = new AccessLog(clock, log);
    for (let at = 0; at < 200; at++) {
      accessLog.record(rig.store, { ...record(`long${at}`), userAgent: one.repeat(8_000 / one.length) }, lifetime);
    }
    accessLog.record(rig.store, record("ordinary"), lifetime);
    await accessLog.flush(rig.store);
    expect(counts(accessLog)).toEqual([201, 0]);
    expect(Math.max(...sizes)).toBeLessThan(2_000_000);
  });

  it("that one statement does not keep leave those of others alone", async () => {
    await configure(document("logs"));
    const { accessLogs } = rig.store.metadata;
    const append = accessLogs.append.bind(accessLogs);
    accessLogs.append = async (rows) => {
      accessLogs.append = append;
      throw new Error(`refused ${rows.length}`);
    };
    const accessLog = new AccessLog(clock, log);
    for (let at = 0; at < 300; at++) {
      accessLog.record(rig.store, { ...record(`${at}`), userAgent: "a".repeat(8_000) }, lifetime);
    }
    await accessLog.flush(rig.store);
    const [kept = 0, lost = 0] = counts(accessLog);
    expect(kept + lost).toBe(300);
    expect(Math.min(kept, lost)).toBeGreaterThan(50);
    expect(lines).toEqual([`access logs: ${lost} lines are lost: Error: refused 4`]);
  });

  it("to many buckets that are not there are asked for in parts", async () => {
    await configure(document("logs"));
    const sizes = watchParameters();
    const accessLog = new AccessLog(clock, log);
    for (let at = 0; at < 12_000; at++) accessLog.record(rig.store, record("k", `none-${at}`), lifetime);
    accessLog.record(rig.store, record("k"), lifetime);
    await accessLog.flush(rig.store);
    expect(sizes).toHaveLength(4);
    expect(counts(accessLog)).toEqual([1, 0]);
  });

  it("are held up to a number of characters, and counted beyond it", async () => {
    await configure(document("logs"));
    const accessLog = new AccessLog(clock, log);
    const long = () => ({ ...record("k"), requestLine: "", userAgent: "a".repeat(8_000), referer: "b".repeat(8_000) });
    for (let at = 0; at < 510; at++) accessLog.record(rig.store, long(), lifetime);
    await accessLog.flush(rig.store);
    expect(counts(accessLog)).toEqual([500, 10]);
    accessLog.record(rig.store, long(), lifetime);
    await accessLog.flush(rig.store);
    expect(counts(accessLog)).toEqual([501, 10]);
  });

  it("are not wanted of a bucket that is known to have no log, for a minute", async () => {
    await configure(document("logs"));
    const accessLog = new AccessLog(clock, log);
    expect(accessLog.mayWant("logs")).toBe(true);
    for (const bucket of ["box", "logs"]) accessLog.record(rig.store, record("k", bucket), lifetime);
    await accessLog.flush(rig.store);
    expect([accessLog.mayWant("box"), accessLog.mayWant("logs")]).toEqual([true, false]);
    await clock.advance(60_000);
    expect(accessLog.mayWant("logs")).toBe(true);
  });

  it("to the log bucket itself make no loop", async () => {
    await letIn("logs", { ArnLike: { "aws:SourceArn": "arn:aws:s3:::*" } });
    expect((await ask({ method: "PUT", path: "/logs?logging", body: document("logs") })).status).toBe(200);
    const accessLog = new AccessLog(clock, log);
    accessLog.record(rig.store, record("a", "logs"), lifetime);
    await accessLog.flush(rig.store);
    for (let at = 0; at < 3; at++) await deliverLogs(rig.store, log);
    expect(await objects()).toHaveLength(1);
  });
});
