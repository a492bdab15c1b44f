import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert";
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, test } from "vitest";
import { FileDrive } from "../../local/jobs/file-drive.ts";
import { DriveError } from "../../src/drives/drive.ts";
import { contract, freshKey } from "../drives/contract.ts";

const folder = await mkdtemp(join(tmpdir(), "sherd-file-drive-"));
afterAll(() => rm(folder, { recursive: true }));

async function newDrive(): Promise<{ drive: FileDrive; path: string }> {
  const path = await mkdtemp(join(folder, "drive-"));
  const traits = { name: "here", domain: "here", class: "both", shardBytesMax: 1e9 } as const;
  return { drive: new FileDrive(traits, path), path };
}

async function put(drive: FileDrive, key: string, bytes: Uint8Array): Promise<void> {
  const writer = drive.put(key, bytes.length);
  await writer.write(bytes);
  await writer.close();
}

describe("a folder, by Node", async () => {
  const { drive, path } = await newDrive();
  for (const { name, run } of contract) test(name, { tags: ["slow"] }, () => run(drive));

  test("none of it has left a temporary file", async () => {
    const names = await readdir(path, { recursive: true });
    deepStrictEqual(
      names.filter((name) => name.endsWith(".tmp")),
      [],
    );
  });
});

describe("a drive's folder that is gone", () => {
  test("is never made, and no key counts as absent", async () => {
    const { drive, path } = await newDrive();
    const key = freshKey();
    await put(drive, key, new Uint8Array(10));
    await rename(path, `${path}-away`);
    const isUnreachable = (error: unknown) => error instanceof DriveError && error.fault === "unreachable";
    await rejects(drive.get(key), isUnreachable);
    await rejects(drive.head(key), isUnreachable);
    await rejects(drive.delete([key]), isUnreachable);
    await rejects(drive.list({ limit: 1 }), isUnreachable);
    await rejects(put(drive, freshKey(), new Uint8Array(10)), isUnreachable);
    ok(!(await readdir(folder)).includes(path.slice(folder.length + 1)));
    await rename(`${path}-away`, path);
    deepStrictEqual(await drive.head(key), { sizeBytes: 10 });
  });

  test("or is a file, is unreachable too", async () => {
    const { drive, path } = await newDrive();
    await rm(path, { recursive: true });
    await writeFile(path, "");
    await rejects(drive.head(freshKey()), (error: unknown) => error instanceof DriveError && error.fault !== "short");
  });
});

test("unfinished files of others are not listed", async () => {
  const { drive, path } = await newDrive();
  const key = freshKey();
  await put(drive, key, new Uint8Array(3));
  await writeFile(join(path, key.slice(0, 5), key.slice(5, 7), `.${freshKey()}.123.4.tmp`), "x");
  await mkdir(join(path, ".hidden"));
  deepStrictEqual((await drive.list({ limit: 10 })).shards, [{ key, sizeBytes: 3 }]);
});

test("a key that is no key leads nowhere", async () => {
  const { drive } = await newDrive();
  for (const wrong of ["../../../etc/passwd", "short", ".hidden.name"]) {
    await rejects(drive.get(wrong), TypeError);
    await rejects(drive.delete([wrong]), TypeError);
  }
  strictEqual((await drive.list({ limit: 1 })).shards.length, 0);
});
