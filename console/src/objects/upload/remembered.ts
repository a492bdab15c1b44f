import { createStore, del, entries, set } from "idb-keyval";
import { signedInArn } from "../../session/session.ts";
import type { FileFacts } from "./plan.ts";

/** An upload in parts that this browser has begun. It outlives a reload; nothing secret is in it. */
export interface RememberedUpload extends FileFacts {
  uploadId: string;
  bucket: string;
  key: string;
  mayReplace: boolean;
  /** Of the file, if the browser lets pages keep one: then it need not be chosen again. */
  handle?: FileSystemFileHandle;
}

/** As it is kept: for the one who began it alone, because others may use this browser after a sign-out. */
interface KeptUpload extends RememberedUpload {
  arn: string;
}

const store = createStore("sherd-console", "uploads");

export async function remember(upload: RememberedUpload): Promise<void> {
  await set(upload.uploadId, { ...upload, arn: signedInArn() } satisfies KeptUpload, store);
}

export async function forget(uploadId: string): Promise<void> {
  await del(uploadId, store);
}

export async function rememberedUploads(bucket: string): Promise<RememberedUpload[]> {
  const all = await entries<string, KeptUpload>(store);
  return all.map(([, upload]) => upload).filter((upload) => upload.bucket === bucket && upload.arn === signedInArn());
}
