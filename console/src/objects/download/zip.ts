import { downloadZip as zipOf } from "client-zip";
import type { AwsClient } from "../../aws/client.ts";
import { isAddressable, nameOf } from "../../aws/keys.ts";
import { type Entry, listPage } from "../../aws/s3/list.ts";
import { getObject } from "../../aws/s3/objects.ts";
import { runTask, type TaskHandle } from "../../tasks/tasks.ts";
import { text } from "../../text/text.ts";
import { saveStream } from "./saved-stream.ts";
import { uniqueName, zipName } from "./zip-names.ts";

interface Zip {
  bucket: string;
  prefix: string;
  /** Objects, versions and prefixes. */
  entries: readonly Entry[];
}

/** Saves objects, and all below prefixes, as one zip that is made while it is saved: one object at a time is read. */
export async function downloadZip(client: AwsClient, zip: Zip): Promise<void> {
  const [first] = zip.entries;
  const only = zip.entries.length === 1 && first ? nameOf(first.key) : nameOf(zip.prefix) || zip.bucket;
  const name = `${only.replace(/\/$/, "") || zip.bucket}.zip`;
  await runTask(text("download.task", { name }), { unit: "bytes" }, async (task) => {
    const { body } = zipOf(files(client, zip, task));
    if (body === null) throw new Error("there is no zip");
    await saveStream(body, name, task.signal);
  });
}

async function* files(client: AwsClient, zip: Zip, task: TaskHandle) {
  const taken = new Set<string>();
  let done = 0;
  let left = 0;
  for await (const { key, modifiedMs, versionId, sizeBytes } of objectsOf(client, zip, task.signal)) {
    task.signal.throwIfAborted();
    if (!isAddressable(key)) {
      left += 1;
      task.update({ note: text("download.left", { count: left }) });
      continue;
    }
    if (key.endsWith("/") && sizeBytes === 0) continue;
    const input = await getObject(client, { bucket: zip.bucket, key, versionId }, undefined, task.signal);
    yield {
      name: uniqueName(zipName(key, zip.prefix), taken),
      lastModified: new Date(modifiedMs),
      size: sizeBytes,
      input,
    };
    done += sizeBytes;
    task.update({ done });
  }
}

async function* objectsOf(client: AwsClient, { bucket, entries }: Zip, signal: AbortSignal): AsyncGenerator<Entry> {
  for (const entry of entries) {
    if (entry.kind === "object") yield entry;
    if (entry.kind !== "prefix") continue;
    let from: string | null = null;
    do {
      const page = await listPage(client, { bucket, prefix: entry.key, delimiter: "", versions: false }, from, signal);
      yield* page.entries;
      from = page.next;
    } while (from !== null);
  }
}
