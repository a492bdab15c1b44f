import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert";
import { describe, test } from "vitest";
import { DiskDrive } from "../../src/drives/disk.ts";
import { assertFails, listAll } from "./contract.ts";

/** A stand-in for the disk service over a list of paths: what a test of layout and listing needs of it. */
class Folder {
  readonly paths = new Set<string>();
  readonly calls: string[] = [];
  /** Answered instead, where it is set. */
  answer: ((method: string, path: string) => Response | null) | null = null;

  async fetch(url: unknown, init?: RequestInit): Promise<Response> {
    const path = new URL(String(url)).pathname;
    const method = init?.method ?? "GET";
    this.calls.push(`${method} ${path}`);
    const instead = this.answer?.(method, path);
    if (instead) return instead;
    if (method === "PUT") this.paths.add(path);
    if (method === "PUT") return new Response(null, { status: 204 });
    if (method === "DELETE") return new Response(null, { status: this.paths.delete(path) ? 204 : 404 });
    if (path.endsWith("/")) return this.#list(path);
    if (!this.paths.has(path)) return new Response("Not Found", { status: 404 });
    return new Response(null, { headers: { "content-length": "7" } });
  }

  #list(path: string): Response {
    const entries = new Map<string, string>();
    for (const other of this.paths) {
      if (!other.startsWith(path)) continue;
      const [name, ...rest] = other.slice(path.length).split("/");
      entries.set(name!, rest.length > 0 ? "directory" : "file");
    }
    if (entries.size === 0 && path !== "/") return new Response("Not Found", { status: 404 });
    return Response.json([...entries].map(([name, type]) => ({ name, type })));
  }
}

function rig(): { drive: DiskDrive; folder: Folder } {
  const folder = new Folder();
  const traits = { name: "here", domain: "here", class: "both", shardBytesMax: 1e9 } as const;
  return { drive: new DiskDrive(traits, folder), folder };
}

const key = (time: string) => `${time.padEnd(10, "0")}AAAAAAAAAAAAAAAA-00`;

describe("layout of a disk drive", () => {
  test("a shard lies in a folder of its age", async () => {
    const { drive, folder } = rig();
    await drive.put("01KAGX6Q4ZAAAAAAAAAAAAAAAA-03", 0).close();
    deepStrictEqual(folder.calls, ["PUT /01KAG/X6/01KAGX6Q4ZAAAAAAAAAAAAAAAA-03"]);
  });

  test("a drive may be a folder below the service's own", async () => {
    const folder = new Folder();
    const traits = { name: "here", domain: "here", class: "both", shardBytesMax: 1e9 } as const;
    const drive = new DiskDrive(traits, folder, "drive");
    await drive.put("01KAGX6Q4ZAAAAAAAAAAAAAAAA-03", 0).close();
    deepStrictEqual(folder.calls, ["PUT /drive/01KAG/X6/01KAGX6Q4ZAAAAAAAAAAAAAAAA-03"]);
    deepStrictEqual((await drive.list({ limit: 10 })).shards, [{ key: "01KAGX6Q4ZAAAAAAAAAAAAAAAA-03", sizeBytes: 7 }]);
  });

  test.each([
    "",
    "short",
    "../../../etc/passwd",
    "01KAG/X6/01KAGX6Q4Z",
    ".hidden.name",
    "01KAGX6Q4Z%2e%2e",
    "x".repeat(201),
  ])("a key that is no key (%s) never reaches the service", async (wrong) => {
    const { drive, folder } = rig();
    await rejects(drive.get(wrong), TypeError);
    await rejects(drive.delete([wrong]), TypeError);
    await rejects(drive.put(wrong, 0).close());
    deepStrictEqual(folder.calls, []);
  });
});

describe("list of a disk drive", () => {
  test("an empty drive has no keys", async () => {
    deepStrictEqual(await rig().drive.list({ limit: 10 }), { shards: [] });
  });

  test("passes over what is not a shard", async () => {
    const { drive, folder } = rig();
    folder.paths.add(`/01KAG/X6/${key("01KAGX6")}`);
    for (const path of [
      "/README",
      "/lost+found/x",
      "/01KAG/X6/notes",
      "/01KAG/notes",
      "/01KAG/X60/x",
      `/01KAG/X7/${key("01KAGX6")}`,
    ]) {
      folder.paths.add(path);
    }
    deepStrictEqual(await listAll(drive, 10), [{ key: key("01KAGX6"), sizeBytes: 7 }]);
  });

  test("goes on where the page ended without looking into older folders", async () => {
    const { drive, folder } = rig();
    for (const time of ["01AAA11", "01AAA22", "01BBB11", "01BBB22"])
      folder.paths.add(`/${time.slice(0, 5)}/${time.slice(5)}/${key(time)}`);
    const page = await drive.list({ limit: 3 });
    strictEqual(page.shards.length, 3);
    folder.calls.length = 0;
    const rest = await drive.list({ limit: 3, cursor: page.cursor! });
    deepStrictEqual(
      rest.shards.map((shard) => shard.key),
      [key("01BBB22")],
    );
    ok(!folder.calls.some((call) => call.includes("01AAA") || call.includes("/22/01AAA")), folder.calls.join());
  });

  test("looks into a bounded number of folders for one page, however many are empty", async () => {
    const { drive, folder } = rig();
    const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    const emptied = Array.from({ length: 600 }, (_, index) => `01AAA${digits[index >> 5]}${digits[index & 31]}`);
    for (const time of emptied) folder.paths.add(`/${time.slice(0, 5)}/${time.slice(5)}/leftover`);
    folder.paths.add(`/01BBB/00/${key("01BBB00")}`);
    let cursor: string | undefined;
    const seen: string[] = [];
    const callsOfPages: number[] = [];
    do {
      folder.calls.length = 0;
      const page = await drive.list(cursor === undefined ? { limit: 1000 } : { limit: 1000, cursor });
      seen.push(...page.shards.map((shard) => shard.key));
      callsOfPages.push(folder.calls.length);
      cursor = page.cursor;
    } while (cursor !== undefined);
    deepStrictEqual(seen, [key("01BBB00")]);
    ok(callsOfPages.length >= 3);
    ok(
      callsOfPages.every((calls) => calls < 300),
      callsOfPages.join(),
    );
  });

  test("leaves out a shard that is deleted while its page is made", async () => {
    const { drive, folder } = rig();
    for (const time of ["01AAA11", "01AAA12"]) folder.paths.add(`/01AAA/${time.slice(5)}/${key(time)}`);
    folder.answer = (method, path) =>
      method === "HEAD" && path.includes("01AAA11") ? new Response(null, { status: 404 }) : null;
    deepStrictEqual(await listAll(drive, 10), [{ key: key("01AAA12"), sizeBytes: 7 }]);
  });
});

describe("failures of a disk drive", () => {
  test.each([
    [403, "refused"],
    [500, "unknown"],
    [501, "unknown"],
  ] as const)("an answer of status %s is %s", async (status, fault) => {
    const { drive, folder } = rig();
    folder.answer = () => new Response("no", { status });
    await assertFails(drive.get(key("01KAGX6")), fault);
    await assertFails(drive.head(key("01KAGX6")), fault);
    await assertFails(drive.delete([key("01KAGX6")]), fault);
    await assertFails(drive.list({ limit: 1 }), fault);
    await assertFails(drive.put(key("01KAGX6"), 0).close(), fault);
  });

  test("a service that throws is a failed drive", async () => {
    const { drive, folder } = rig();
    folder.answer = () => {
      throw new Error("internal error; reference = abc");
    };
    await assertFails(drive.get(key("01KAGX6")), "unknown");
    await assertFails(drive.list({ limit: 1 }), "unknown");
    await assertFails(drive.put(key("01KAGX6"), 0).close(), "unknown");
  });
});

describe("a disk drive whose folder is not there", () => {
  const shard = "01KAGX6Q4ZAAAAAAAAAAAAAAAA-03";
  const calls: [string, (drive: DiskDrive) => Promise<unknown>][] = [
    ["get", (drive) => drive.get(shard)],
    ["head", (drive) => drive.head(shard)],
    ["delete", (drive) => drive.delete([shard])],
    ["list", (drive) => drive.list({ limit: 1 })],
    ["put", (drive) => drive.put(shard, 0).close()],
  ];

  test.each(calls)("is unreachable rather than empty for %s", async (_, call) => {
    const { drive, folder } = rig();
    folder.answer = (method) => new Response(null, { status: method === "PUT" ? 500 : 404 });
    await assertFails(call(drive), "unreachable");
  });

  test.each(calls)("nor is a file in its place a folder for %s", async (_, call) => {
    const { drive, folder } = rig();
    folder.answer = (method, path) => {
      if (path === "/" && method === "HEAD") return new Response(null, { headers: { "content-type": "text/plain" } });
      return new Response(null, { status: method === "PUT" ? 500 : 404 });
    };
    await assertFails(call(drive), "unreachable");
  });
});
