import { type AwsClient, sha256Hex } from "../../aws/client.ts";
import { AwsError } from "../../aws/errors.ts";
import { objectPath } from "../../aws/keys.ts";
import { base64OfHex } from "../../aws/s3/checksum.ts";
import { objectExists } from "../../aws/s3/objects.ts";
import { abortUpload, completeUpload, createUpload, listParts, type UploadedPart } from "../../aws/s3/uploads.ts";
import { queries } from "../../session/session.ts";
import { startTask, type TaskHandle } from "../../tasks/tasks.ts";
import { text } from "../../text/text.ts";
import { driveUpload, skip } from "./drive.ts";
import { keyOfFile, partBytes, partRanges } from "./plan.ts";
import { forget, type RememberedUpload, remember } from "./remembered.ts";
import { sendBody } from "./send.ts";
import { sideBySide } from "./side-by-side.ts";

export interface ChosenFile {
  file: File;
  /** Name, with its path in the folder that was chosen. */
  path: string;
  handle?: FileSystemFileHandle;
}

export interface UploadTarget {
  bucket: string;
  prefix: string;
  /** Otherwise a key that exists stays as it is, and the file counts as skipped. */
  mayReplace: boolean;
}

/** Uploads files: those that need parts one by one, each with a pause of its own; all others as one task. */
export async function uploadFiles(
  client: AwsClient,
  target: UploadTarget,
  chosen: readonly ChosenFile[],
): Promise<void> {
  const small = chosen.filter(({ file }) => partBytes(file.size) === null);
  const large = chosen.filter(({ file }) => partBytes(file.size) !== null);
  await Promise.all([uploadSmall(client, target, small), ...large.map((one) => uploadLarge(client, target, one))]);
}

/** Small files are sent side by side; the places of `sendBody` bound how many. */
async function uploadSmall(client: AwsClient, target: UploadTarget, chosen: readonly ChosenFile[]): Promise<void> {
  const [first] = chosen;
  if (first === undefined) return;
  const title = chosen.length === 1 ? first.path : text("upload.files", { count: chosen.length });
  const total = chosen.reduce((sum, { file }) => sum + file.size, 0);
  const task = startTask(title, { unit: "bytes", total, isLostByLeaving: true });
  const progress = new Progress(task);
  const failures: unknown[] = [];
  let skipped = 0;
  let ended = 0;
  const queue = chosen[Symbol.iterator]();
  const work = async () => {
    for (const one of queue) {
      if (task.signal.aborted) return;
      await sendWhole(client, { target, one, progress, signal: task.signal }).catch((error: unknown) => {
        if (error instanceof AwsError && error.code === "PreconditionFailed") skipped += 1;
        else failures.push(error);
      });
      ended += 1;
      progress.note(chosen.length === 1 ? "" : text("upload.ended", { done: ended, total: chosen.length }));
    }
  };
  await Promise.all(Array.from({ length: SMALL_AT_ONCE }, work));
  await changed(target.bucket);
  const note = skipped === 0 ? "" : text("upload.skipped", { count: skipped });
  if (task.signal.aborted) task.update({ state: "cancelled", note });
  else if (failures.length > 0)
    task.update({ state: "failed", error: failures[0], note: text("upload.failed", { count: failures.length }) });
  else task.update({ state: "done", note });
}

const SMALL_AT_ONCE = 8;

interface Whole {
  target: UploadTarget;
  one: ChosenFile;
  progress: Progress;
  signal: AbortSignal;
}

async function sendWhole(client: AwsClient, { target, one, progress, signal }: Whole): Promise<void> {
  const { file, path } = one;
  const key = keyOfFile(target.prefix, path);
  const headers = { "content-type": typeOf(file), "if-none-match": target.mayReplace ? undefined : "*" };
  const onProgress = (sent: number) => progress.set(path, sent);
  await sendBody(client, {
    request: { path: objectPath(target.bucket, key), headers },
    body: file,
    onProgress,
    signal,
  });
  progress.set(path, file.size);
}

async function uploadLarge(client: AwsClient, target: UploadTarget, { file, path, handle }: ChosenFile): Promise<void> {
  const key = keyOfFile(target.prefix, path);
  const { bucket, mayReplace } = target;
  const task = startTask(path, { unit: "bytes", total: file.size, isLostByLeaving: true });
  try {
    // Before all of its bytes are sent. The condition at the end holds in any case.
    if (!mayReplace && (await objectExists(client, { bucket, key }))) return skip(task);
    const uploadId = await createUpload(client, { bucket, key }, typeOf(file));
    const facts = { name: file.name, size: file.size, lastModified: file.lastModified };
    const upload = { uploadId, bucket, key, mayReplace, ...facts, ...(handle ? { handle } : {}) };
    await remember(upload);
    task.update({ isLostByLeaving: false });
    await drive(client, task, upload, file);
  } catch (error) {
    task.update(task.signal.aborted ? { state: "cancelled" } : { state: "failed", error });
  }
}

/** Goes on with an upload that a reload or a lost connection has cut: parts that have arrived are compared and not sent again. */
export async function resumeUpload(client: AwsClient, upload: RememberedUpload, file: File): Promise<void> {
  await drive(client, startTask(upload.key, { unit: "bytes", total: file.size }), upload, file);
}

async function drive(client: AwsClient, task: TaskHandle, upload: RememberedUpload, file: File): Promise<void> {
  await driveUpload(task, {
    send: (signal) => sendParts(client, { upload, file, signal, progress: new Progress(task) }),
    complete: (parts) => completeUpload(client, upload, parts, upload.mayReplace),
    forget: () => forget(upload.uploadId),
    abort: () => abortUpload(client, upload).catch(() => {}),
    changed: () => changed(upload.bucket),
  });
}

interface Parts {
  upload: RememberedUpload;
  file: File;
  signal: AbortSignal;
  progress: Progress;
}

const PARTS_AT_ONCE = 4;

async function sendParts(client: AwsClient, { upload, file, signal, progress }: Parts): Promise<UploadedPart[]> {
  const arrived = new Map((await listParts(client, upload)).map((part) => [part.number, part]));
  const ranges = partRanges(file.size, partBytes(file.size) ?? file.size);
  const done: UploadedPart[] = [];
  await sideBySide(ranges, { atOnce: PARTS_AT_ONCE, signal }, async ({ number, start, end }, either) => {
    const body = file.slice(start, end);
    const there = arrived.get(number);
    if (there !== undefined && (await isSame(body, there))) {
      done.push(there);
    } else {
      const query = { partNumber: String(number), uploadId: upload.uploadId };
      const onProgress = (bytes: number) => progress.set(String(number), bytes);
      const request = { path: objectPath(upload.bucket, upload.key), query };
      const sent = await sendBody(client, { request, body, onProgress, signal: either });
      done.push({ number, sizeBytes: end - start, ...sent });
    }
    progress.set(String(number), end - start);
  });
  return done.sort((a, b) => a.number - b.number);
}

/** The file may have changed since: only what its checksum vouches for is taken as sent. */
async function isSame(body: Blob, part: UploadedPart): Promise<boolean> {
  if (part.sizeBytes !== body.size || part.sha256 === "") return false;
  return base64OfHex(await sha256Hex(await body.arrayBuffer())) === part.sha256;
}

/** Adds up what several bodies have sent. */
class Progress {
  readonly #task: TaskHandle;
  readonly #sent = new Map<string, number>();
  #done = 0;

  constructor(task: TaskHandle) {
    this.#task = task;
  }

  set(name: string, bytes: number): void {
    this.#done += bytes - (this.#sent.get(name) ?? 0);
    this.#sent.set(name, bytes);
    this.#task.update({ done: this.#done });
  }

  note(note: string): void {
    this.#task.update({ note });
  }
}

/** The browser knows a few types by the ending of the name. */
function typeOf(file: File): string {
  return file.type || "application/octet-stream";
}

async function changed(bucket: string): Promise<void> {
  await queries.invalidateQueries({ queryKey: ["objects", bucket] });
}
