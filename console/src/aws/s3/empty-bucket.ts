import type { AwsClient } from "../client.ts";
import { AwsError } from "../errors.ts";
import { objectPath } from "../keys.ts";
import { children, escapeXml, textAt } from "../xml.ts";
import { checksumHeader } from "./checksum.ts";

/**
 * Deletes all versions, delete markers and unfinished uploads. What is locked stays: then it throws the first refusal, after everything
 * else is gone. It can be stopped and begun again at any time.
 */
export async function emptyBucket(
  client: AwsClient,
  bucket: string,
  { signal, onDeleted }: { signal: AbortSignal; onDeleted: (count: number) => void },
): Promise<void> {
  let refusal: AwsError | null = null;
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
      const refused = await deletePage(client, bucket, found, signal);
      refusal ??= refused.error;
      onDeleted(found.length - refused.count);
    }
    const isMore: boolean = textAt(page, "IsTruncated") === "true";
    marker = isMore
      ? { key: decoded(textAt(page, "NextKeyMarker")), version: textAt(page, "NextVersionIdMarker") }
      : null;
  } while (marker !== null);
  await abortUploads(client, bucket, signal);
  if (refusal !== null) throw refusal;
}

async function deletePage(client: AwsClient, bucket: string, found: readonly Element[], signal: AbortSignal) {
  const objects = found.map((version) => {
    const id = textAt(version, "VersionId");
    return `<Object><Key>${escapeXml(decoded(textAt(version, "Key")))}</Key><VersionId>${escapeXml(id)}</VersionId></Object>`;
  });
  const body = `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${objects.join("")}<Quiet>true</Quiet></Delete>`;
  const headers = await checksumHeader(body);
  const root = await client.s3Xml({ method: "POST", path: `/${bucket}`, query: { delete: "" }, body, headers, signal });
  const errors = children(root, "Error");
  const [first] = errors;
  const facts = { code: textAt(first ?? null, "Code"), message: textAt(first ?? null, "Message"), status: 403 };
  return { count: errors.length, error: first === undefined ? null : new AwsError(facts) };
}

async function abortUploads(client: AwsClient, bucket: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const query = { uploads: "", "encoding-type": "url" };
    const page = await client.s3Xml({ path: `/${bucket}`, query, signal });
    const uploads = children(page, "Upload");
    for (const upload of uploads) {
      const path = objectPath(bucket, decoded(textAt(upload, "Key")));
      await client.s3({ method: "DELETE", path, query: { uploadId: textAt(upload, "UploadId") }, signal });
    }
    if (textAt(page, "IsTruncated") !== "true" || uploads.length === 0) return;
  }
}

/** Of `encoding-type=url`, which writes spaces as `+`. */
function decoded(text: string): string {
  return decodeURIComponent(text.replaceAll("+", "%20"));
}
