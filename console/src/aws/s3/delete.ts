import type { AwsClient } from "../client.ts";
import { AwsError } from "../errors.ts";
import { objectPath } from "../keys.ts";
import { children, escapeXml, textAt } from "../xml.ts";
import { checksumHeader } from "./checksum.ts";
import { type ObjectRef, versionQuery } from "./objects.ts";

export interface Deleted {
  key: string;
  /** Of the delete marker that was made, in a bucket with versions. */
  markerId: string | null;
}

type Ref = Omit<ObjectRef, "bucket">;

/** What XML 1.0 has no way to write. */
const NOT_IN_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
const DELETE_KEYS_MAX = 1_000;

/** Deletes objects or versions, at most a thousand a call. Throws the first failure after all were tried. */
export async function deleteObjects(client: AwsClient, bucket: string, refs: readonly Ref[]): Promise<Deleted[]> {
  const { deleted, failures } = await tryToDelete(client, bucket, refs);
  if (failures.length > 0) throw failures[0];
  return deleted;
}

/** The same, but tells the failures. Throws only if the call for all of them fails, or the signal's reason. */
export async function tryToDelete(
  client: AwsClient,
  bucket: string,
  refs: readonly Ref[],
  signal?: AbortSignal,
): Promise<{ deleted: Deleted[]; failures: unknown[] }> {
  if (refs.length > DELETE_KEYS_MAX) throw new Error(`at most ${DELETE_KEYS_MAX} keys at once`);
  const alone = refs.filter(({ key }) => NOT_IN_XML.test(key));
  const together = refs.filter(({ key }) => !NOT_IN_XML.test(key));
  const ended = await Promise.allSettled(alone.map((ref) => deleteOne(client, { bucket, ...ref }, signal)));
  signal?.throwIfAborted();
  const deleted = ended.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failures: unknown[] = ended.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
  if (together.length === 0) return { deleted, failures };
  const root = await askForAll(client, bucket, together, signal);
  for (const one of children(root, "Error"))
    failures.push(new AwsError({ code: textAt(one, "Code"), message: textAt(one, "Message"), status: 403 }));
  for (const one of children(root, "Deleted")) {
    const isMarker = textAt(one, "DeleteMarker") === "true";
    deleted.push({ key: textAt(one, "Key"), markerId: isMarker ? textAt(one, "DeleteMarkerVersionId") || null : null });
  }
  return { deleted, failures };
}

/** DeleteObjects. */
async function askForAll(client: AwsClient, bucket: string, refs: readonly Ref[], signal?: AbortSignal) {
  const items = refs.map(({ key, versionId }) => {
    const version = versionId === undefined ? "" : `<VersionId>${escapeXml(versionId)}</VersionId>`;
    return `<Object><Key>${escapeXml(key)}</Key>${version}</Object>`;
  });
  const body = `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${items.join("")}</Delete>`;
  const headers = await checksumHeader(body);
  return client.s3Xml({ method: "POST", path: `/${bucket}`, query: { delete: "" }, headers, body, signal });
}

async function deleteOne(client: AwsClient, ref: ObjectRef, signal?: AbortSignal): Promise<Deleted> {
  const path = objectPath(ref.bucket, ref.key);
  const { headers } = await client.s3({ method: "DELETE", path, query: versionQuery(ref), signal });
  const isMarker = ref.versionId === undefined && headers.get("x-amz-delete-marker") === "true";
  return { key: ref.key, markerId: isMarker ? headers.get("x-amz-version-id") : null };
}
