import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DRIVE_LINK, linkDrive, makeDriveRoots } from "../../local/host/drive-roots.ts";
import { inspectDrive } from "../../local/host/drive-state.ts";
import { isMountPoint, openMounts } from "../../local/host/mounts.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sherd-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("a folder is no mount point, /proc is one, also through a link", async () => {
  expect(await isMountPoint(folder)).toBe(false);
  if (process.platform !== "linux") return;
  expect(await isMountPoint("/proc")).toBe(true);
  await symlink("/proc", join(folder, "link"));
  expect(await isMountPoint(join(folder, "link"))).toBe(true);
});

test("what was mounted is remembered; a file that is missing or damaged remembers nothing", async () => {
  const mounts = openMounts(folder);
  expect(mounts.wasMounted("drive-1")).toBe(false);
  mounts.remember("drive-1");
  mounts.remember("drive-3");
  expect(openMounts(folder).wasMounted("drive-1")).toBe(true);
  expect(openMounts(folder).wasMounted("drive-2")).toBe(false);
  expect(JSON.parse(await readFile(mounts.path, "utf8"))).toEqual(["drive-1", "drive-3"]);
  for (const damaged of ["", "{", "7", '[{"drive-1":1}]']) {
    await writeFile(mounts.path, damaged);
    expect(openMounts(folder).wasMounted("drive-1")).toBe(false);
  }
});

test("a folder that must be a mount point and is none is named, with what to do", async () => {
  const looked = await inspectDrive(folder, { tryWriting: true, mountsFile: "/data/mounts.json" });
  expect(looked.trouble).toBe("not-mounted");
  expect(looked.advice).toContain(`no disk is mounted at ${folder}`);
  expect(looked.advice).toContain("/data/mounts.json");
  expect((await inspectDrive(folder, { tryWriting: true })).trouble).toBeNull();
});

test("a drive without its disk is out of reach, until it is back", async () => {
  const drive = join(folder, "drive");
  await mkdir(drive);
  await writeFile(join(drive, "shard"), "bytes");
  const [root] = await makeDriveRoots(join(folder, "run"), [drive], () => false);
  const shard = join(root as string, DRIVE_LINK, "shard");
  await expect(readFile(shard, "utf8")).rejects.toThrow("ENOENT");
  await expect(writeFile(shard, "other")).rejects.toThrow("ENOENT");
  linkDrive(root as string, drive);
  expect(await readFile(shard, "utf8")).toBe("bytes");
  linkDrive(root as string, null);
  await expect(readFile(shard, "utf8")).rejects.toThrow("ENOENT");
});
