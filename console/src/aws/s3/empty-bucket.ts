import type { AwsClient } from "../client.ts";
import { objectPath } from "../keys.ts";
import { children, textAt, urlDecoded } from "../xml.ts";
import { tryToDelete } from "./delete.ts";

/**
 * Deletes all versions, delete markers and unfinished uploads. What is locked stays: then it throws the first refusal, after everything
 * else is gone. It can be stopped and begun again at any time.
 */
export async function emptyBucket(
  client: AwsClient,
  bucket: string,
  { signal, onDeleted }: { signal: AbortSignal; onDeleted: (count: number) => void },
): Promise<void> {
  let refusal: unknown = null;
  let marker: { key: string; version: string } | null = null;
  do {
    const query = {
      versions: "",
      "max-keys": "1000",
      "encoding-type": "url",
      "key-marker": marker?.key,
      "version-id-marker": marker?.version,
    };
    const page: Element = await client.s3Xml({ path: `/${bucket}`, query, signal });
    const found = [...children(page, "Version"), ...children(page, "DeleteMarker")];
    if (found.length > 0) {
      const refs = found.map((one) => ({
        key: urlDecoded(textAt(one, "Key")),
        versionId: textAt(one, "VersionId"),
      }));
      const { failures } = await tryToDelete(client, bucket, refs, signal);
      refusal ??= failures[0] ?? null;
      onDeleted(refs.length - failures.length);
    }
    const isMore: boolean = textAt(page, "IsTruncated") === "true";
    marker = isMore
      ? { key: urlDecoded(textAt(page, "NextKeyMarker")), version: textAt(page, "NextVersionIdMarker") }
      : null;
  } while (marker !== null);
  await abortUploads(client, bucket, signal);
  if (refusal !== null) throw refusal;
}

async function abortUploads(client: AwsClient, bucket: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const query = { uploads: "", "encoding-type": "url" };
    const page = await client.s3Xml({ path: `/${bucket}`, query, signal });
    const uploads = children(page, "Upload");
    for (const upload of uploads) {
      const path = objectPath(bucket, urlDecoded(textAt(upload, "Key")));
      await client.s3({ method: "DELETE", path, query: { uploadId: textAt(upload, "UploadId") }, signal });
    }
    if (textAt(page, "IsTruncated") !== "true" || uploads.length === 0) return;
  }
}
