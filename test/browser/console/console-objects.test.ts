import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { whyNoBrowser } from "../../support/browser.ts";
import { type ConsoleStage, closeByEscape, listing, openConsole, select } from "./console-stage.ts";

/** Of the upload that is cut, and files of a folder. More may be asked for: 1024 and 1000, say. */
const LARGE_MIB = Number(process.env.SHERD_CONSOLE_UPLOAD_MIB ?? 48);
const FILES = Number(process.env.SHERD_CONSOLE_FILES ?? 200);
const PART_MIB = 16;
const MIB = 1024 ** 2;

describe.skipIf(whyNoBrowser !== null)(`the console's objects (${whyNoBrowser ?? "Chromium"})`, () => {
  let stage: ConsoleStage;
  let folder: string;
  let page: Page;
  beforeAll(async () => {
    stage = await openConsole();
    folder = await mkdtemp(join(tmpdir(), "sherd-console-"));
    page = await stage.open();
  });
  afterAll(async () => {
    await stage?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  const upload = async (input: string, paths: string | string[], tab = page) => {
    await tab.getByTestId(input).setInputFiles(paths);
    await tab.getByRole("dialog").getByRole("button", { name: "Upload" }).click();
  };
  const ended = (tab = page) => tab.getByText("Nothing is running").waitFor({ timeout: 100_000 });
  const sha256 = async (Bucket: string, Key: string) => {
    const { Body } = await stage.client.send(new GetObjectCommand({ Bucket, Key }));
    const hash = createHash("sha256");
    for await (const piece of Body as AsyncIterable<Uint8Array>) hash.update(piece);
    return hash.digest("hex");
  };

  test("a wrong key is told, and the right one leads from the first visit to the first upload", async () => {
    await page.getByLabel("Access key").fill(stage.server.accessKeyId);
    await page.getByLabel("Secret key").fill("wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("The secret key does not fit the access key.").waitFor();
    await stage.signIn(page);
    await page.getByRole("button", { name: "Create bucket" }).click();
    await page.getByLabel("Name").fill("first");
    await page.getByRole("dialog").getByRole("button", { name: "Create bucket" }).click();
    await page.getByText("There is nothing here yet.").waitFor();
    await writeFile(join(folder, "hello.txt"), "Hello\n");
    await upload("files", join(folder, "hello.txt"));
    await page.getByRole("link", { name: "hello.txt" }).click();
    await page.getByText("Hello", { exact: true }).waitFor();
    await page.reload();
    // The reload keeps the session, and what is open.
    await page.getByRole("tab", { name: "Preview" }).waitFor();
    await closeByEscape(page);
    stage.calm();
  });

  test(`a folder of ${FILES} files arrives whole, with its paths`, async () => {
    const root = join(folder, "many");
    for (let sub = 0; sub < 10; sub++) {
      await mkdir(join(root, `sub-${sub}`), { recursive: true });
      for (let file = 0; file < FILES / 10; file++)
        await writeFile(join(root, `sub-${sub}`, `${file}.txt`), `${sub}/${file}`);
    }
    await stage.client.send(new CreateBucketCommand({ Bucket: "folders" }));
    await stage.go(page, listing("folders"));
    await upload("folder", root);
    await ended();
    const listed = await stage.client.send(new ListObjectsV2Command({ Bucket: "folders", MaxKeys: 1000 }));
    expect([listed.KeyCount, listed.IsTruncated]).toEqual([FILES, false]);
    const { Body } = await stage.client.send(new GetObjectCommand({ Bucket: "folders", Key: "many/sub-7/12.txt" }));
    expect(await Body?.transformToString()).toBe("7/12");
    await page.getByRole("link", { name: "many/" }).click();
    await page.getByText("10 entries").waitFor();
    await page.getByRole("button", { name: "Clear" }).click();
    // As a zip: the service worker saves what the page makes of it.
    await select(page, "sub-3/");
    const saving = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download as zip" }).click();
    const saved = await readFile(await (await saving).path());
    expect(saved.subarray(0, 2).toString()).toBe("PK");
    // The end of the central directory counts the entries.
    expect(saved.readUInt16LE(saved.length - 22 + 10)).toBe(FILES / 10);
    stage.calm();
  });

  test(`an upload of ${LARGE_MIB} MiB that is cut goes on after a reload, byte for byte`, async () => {
    const path = join(folder, "large.bin");
    const piece = randomBytes(MIB);
    // Each MiB differs, so that no part could stand for another.
    const bytes = Array.from({ length: LARGE_MIB }, (_, index) =>
      Buffer.concat([Buffer.from(String(index).padStart(8)), piece.subarray(8)]),
    );
    await writeFile(path, bytes);
    await stage.client.send(new CreateBucketCommand({ Bucket: "large" }));
    const proxy = await openProxy(Number(new URL(stage.server.endpoint).port));
    const tab = await stage.open();
    const address = `http://127.0.0.1:${proxy.port}/-/console/`;
    await tab.goto(address);
    await stage.signIn(tab);
    await tab.goto(`${address}#${listing("large")}`);
    // Half of the parts have arrived, and the last cannot have.
    const parts = Math.ceil(LARGE_MIB / PART_MIB);
    proxy.holdPart(parts);
    let arrived = 0;
    const half = new Promise<void>((resolve) => {
      tab.on("requestfinished", (request) => {
        if (!request.url().includes("partNumber=")) return;
        arrived += 1;
        if (arrived >= Math.floor(parts / 2)) resolve();
      });
    });
    await upload("files", path, tab);
    await half;
    proxy.cut();
    // Left while nothing answers, and opened again when it does.
    await tab.goto("about:blank");
    proxy.mend();
    await tab.goto(`${address}#${listing("large")}`);
    await tab.getByRole("heading", { name: "Unfinished uploads" }).waitFor();
    await tab.getByTestId("resume").setInputFiles(join(folder, "hello.txt"));
    await tab.getByText("That is another file.").waitFor();
    await tab.getByTestId("resume").setInputFiles(path);
    await ended(tab);
    expect(proxy.parts()).toBeGreaterThan(0);
    expect(proxy.parts()).toBeLessThan(parts);
    await tab.context().close();
    proxy.close();
    const hash = createHash("sha256");
    for await (const read of createReadStream(path)) hash.update(read as Buffer);
    expect(await sha256("large", "large.bin")).toBe(hash.digest("hex"));
    stage.calm();
  });

  test("the browser asks before it leaves small files that are not sent yet, and for nothing else", async () => {
    await stage.client.send(new CreateBucketCommand({ Bucket: "leaving" }));
    const tab = await stage.open();
    await stage.signIn(tab);
    await stage.go(tab, listing("leaving"));
    const dialogs: string[] = [];
    tab.on("dialog", (dialog) => dialogs.push(dialog.type()));
    await upload("files", join(folder, "hello.txt"), tab);
    await ended(tab);
    await tab.reload();
    expect(dialogs).toEqual([]);
    // From here on no bytes arrive. A large file, whose parts are asked for first, goes on after a reload.
    await tab.route(/leaving\/.*uploadId=/, () => {});
    await tab.route(/leaving\/.*hello\.txt/, async (route) => {
      if (route.request().method() !== "PUT") await route.continue();
    });
    await writeFile(join(folder, "parts.bin"), Buffer.alloc((PART_MIB + 1) * MIB, 1));
    const begun = tab.waitForRequest(/uploadId=/);
    await upload("files", join(folder, "parts.bin"), tab);
    await begun;
    await tab.reload();
    expect(dialogs).toEqual([]);
    await tab.getByRole("heading", { name: "Unfinished uploads" }).waitFor();
    await tab.getByTestId("files").setInputFiles(join(folder, "hello.txt"));
    const small = tab.waitForRequest((request) => request.method() === "PUT" && request.url().includes("hello.txt"));
    await tab.getByRole("dialog").getByRole("button", { name: "Upload" }).click();
    await small;
    await tab.reload();
    expect(dialogs).toEqual(["beforeunload"]);
    await tab.context().close();
    stage.calm();
  });

  test("a link opens in a private window, and leads to nothing else", async () => {
    await stage.client.send(
      new PutObjectCommand({ Bucket: "first", Key: "für dich.txt", Body: "shared", ContentType: "text/plain" }),
    );
    await stage.go(page, listing("first", { key: "für dich.txt" }));
    await page.getByRole("button", { name: "Share …" }).click();
    await page.getByRole("button", { name: "Create link" }).click();
    const link = await page.getByLabel("Link", { exact: true }).inputValue();
    const stranger = await (await stage.open()).context().newPage();
    const answer = await stranger.goto(link);
    expect([answer?.status(), await answer?.text()]).toEqual([200, "shared"]);
    expect((await stranger.goto(`${stage.server.endpoint}/first`))?.status()).toBe(403);
    await stranger.context().close();
  });

  test("what is deleted in a bucket with versions comes back by undo, and an old version by restore", async () => {
    const Bucket = "versions";
    await stage.client.send(new CreateBucketCommand({ Bucket }));
    await stage.client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
    for (const Body of ["one\ntwo", "one\nthree"]) {
      await stage.client.send(new PutObjectCommand({ Bucket, Key: "note.txt", Body }));
    }
    const content = async () =>
      (await stage.client.send(new GetObjectCommand({ Bucket, Key: "note.txt" }))).Body?.transformToString();
    await stage.go(page, listing(Bucket));
    await select(page, "note.txt");
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByText("1 object deleted").waitFor();
    await page.getByRole("link", { name: "note.txt" }).waitFor({ state: "detached" });
    await expect(content()).rejects.toMatchObject({ name: "NoSuchKey" });
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByRole("link", { name: "note.txt" }).waitFor();
    expect(await content()).toBe("one\nthree");
    await stage.go(page, listing(Bucket, { key: "note.txt", tab: "versions" }));
    const old = page.getByRole("row").filter({ hasText: "old" });
    // What scrolls sideways can be reached by the keyboard.
    await page.locator("[role=dialog]:focus-within").waitFor();
    await page.getByRole("group", { name: "Versions" }).focus();
    expect(await page.evaluate("document.activeElement.getAttribute('aria-label')")).toBe("Versions");
    await old.getByRole("button").click();
    await page.getByRole("menuitem", { name: "Compare with the current one" }).click();
    await page.locator(".diff .removed").getByText("two").waitFor();
    await closeByEscape(page, page.getByRole("dialog").filter({ has: page.locator(".diff") }));
    await old.getByRole("button").click();
    await page.getByRole("menuitem", { name: "Restore" }).click();
    await page.getByText("Restored as the current version").waitFor();
    expect(await content()).toBe("one\ntwo");
    stage.calm();
  });

  test("sound goes on while two drives are taken away", async () => {
    // Six minutes of 16 bits at 22 kHz: more than the browser reads ahead.
    const samples = Buffer.alloc(16_000_000);
    for (let at = 0; at < samples.length; at += 2) samples.writeInt16LE(((at * 7919) % 2000) - 1000, at);
    await stage.client.send(
      new PutObjectCommand({ Bucket: "first", Key: "long.wav", Body: wav(samples), ContentType: "audio/wav" }),
    );
    await stage.go(page, listing("first", { key: "long.wav" }));
    await page.locator("audio").waitFor();
    // Runs in the page, whose types are not those of this program.
    await page.evaluate("(() => { const it = document.querySelector('audio'); it.muted = true; return it.play(); })()");
    let asked = 0;
    page.on("request", (request) => {
      if (request.url().includes("/first/long.wav")) asked += 1;
    });
    // More than once if the server is just writing there.
    for (const drive of ["drive-2", "drive-5"])
      await rm(join(stage.server.dataDir, "drives", drive), { recursive: true, maxRetries: 5 });
    for (const share of [0.5, 0.9]) {
      const place = await page.evaluate<{ moved: number; error: string | null }>(`(async () => {
        const element = document.querySelector("audio");
        element.currentTime = element.duration * ${share};
        const from = element.currentTime;
        const until = performance.now() + 20000;
        while (element.currentTime < from + 0.3 && performance.now() < until) await new Promise((go) => setTimeout(go, 50));
        return { moved: element.currentTime - from, error: element.error && element.error.message };
      })()`);
      expect(place).toEqual({ moved: expect.any(Number), error: null });
      expect(place.moved).toBeGreaterThan(0.2);
    }
    // It had not read everything before.
    expect(asked).toBeGreaterThan(0);
    await page.getByRole("tab", { name: "Placement" }).click();
    await page.getByRole("cell", { name: "drive-2" }).first().waitFor();
    stage.calm();
  });
});

/** Stands between the browser and the server, to hold a part that the browser sends, and to cut all connections. */
async function openProxy(port: number) {
  const sockets = new Set<Socket>();
  let [held, parts, isCut] = [0, 0, false];
  const proxy = createServer((client) => {
    if (isCut) return client.destroy();
    let isHeld = false;
    const server = connect(port, "127.0.0.1");
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        client.destroy();
        server.destroy();
      });
    }
    client.on("data", (bytes: Buffer) => {
      const part = /partNumber=(\d+)/.exec(bytes.subarray(0, 200).toString("latin1"))?.[1];
      if (part !== undefined) parts += 1;
      isHeld ||= part === String(held);
      if (isHeld || !server.write(bytes)) client.pause();
    });
    server.on("drain", () => isHeld || client.resume());
    server.pipe(client);
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  return {
    port: (proxy.address() as AddressInfo).port,
    /** The part of this number does not go on, and nothing that follows it on its connection. */
    holdPart: (number: number) => {
      held = number;
    },
    cut: () => {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    /** Parts that were begun since the connections were cut. */
    parts: () => parts,
    mend: () => {
      [held, parts, isCut] = [0, 0, false];
    },
    close: () => {
      proxy.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function wav(samples: Buffer): Buffer {
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(22_050, 24);
  head.writeUInt32LE(44_100, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}
