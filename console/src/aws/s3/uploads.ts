import type { AwsClient } from "../client.ts";
import { objectPath } from "../keys.ts";
import { children, escapeXml, textAt, urlDecoded } from "../xml.ts";
import type { ObjectRef } from "./objects.ts";

export interface UploadRef extends ObjectRef {
  uploadId: string;
}

export interface UploadedPart {
  number: number;
  etag: string;
  sizeBytes: number;
  /** SHA-256 of the part in base64; `""` if the upload was begun without. */
  sha256: string;
}

export interface OpenUpload extends UploadRef {
  initiatedMs: number;
}

/** Begins an upload whose parts carry their SHA-256. */
export async function createUpload(client: AwsClient, ref: ObjectRef, contentType: string): Promise<string> {
  const root = await client.s3Xml({
    method: "POST",
    path: objectPath(ref.bucket, ref.key),
    query: { uploads: "" },
    headers: { "content-type": contentType, "x-amz-checksum-algorithm": "SHA256" },
  });
  return textAt(root, "UploadId");
}

/** The parts that have arrived: what a resumed upload need not send again. */
export async function listParts(client: AwsClient, upload: UploadRef): Promise<UploadedPart[]> {
  const parts: UploadedPart[] = [];
  let marker: string | undefined;
  do {
    const root = await client.s3Xml({
      path: objectPath(upload.bucket, upload.key),
      query: { uploadId: upload.uploadId, "max-parts": "1000", "part-number-marker": marker },
    });
    for (const part of children(root, "Part")) {
      parts.push({
        number: Number(textAt(part, "PartNumber")),
        etag: textAt(part, "ETag"),
        sizeBytes: Number(textAt(part, "Size")),
        sha256: textAt(part, "ChecksumSHA256"),
      });
    }
    marker = textAt(root, "IsTruncated") === "true" ? textAt(root, "NextPartNumberMarker") : undefined;
  } while (marker !== undefined);
  return parts;
}

/** Makes the object of the parts. The store compares each part's checksum again. */
export async function completeUpload(
  client: AwsClient,
  upload: UploadRef,
  parts: readonly UploadedPart[],
  mayReplace: boolean,
): Promise<void> {
  const items = parts.map(
    ({ number, etag, sha256 }) =>
      `<Part><PartNumber>${number}</PartNumber><ETag>${escapeXml(etag)}</ETag><ChecksumSHA256>${sha256}</ChecksumSHA256></Part>`,
  );
  const body = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${items.join("")}</CompleteMultipartUpload>`;
  await client.s3Xml({
    method: "POST",
    path: objectPath(upload.bucket, upload.key),
    query: { uploadId: upload.uploadId },
    headers: { "if-none-match": mayReplace ? undefined : "*" },
    body,
  });
}

export async function abortUpload(client: AwsClient, upload: UploadRef): Promise<void> {
  await client.s3({
    method: "DELETE",
    path: objectPath(upload.bucket, upload.key),
    query: { uploadId: upload.uploadId },
  });
}

/** Uploads that were begun below the prefix and are not completed; at most a page. */
export async function listUploads(client: AwsClient, bucket: string, prefix: string): Promise<OpenUpload[]> {
  const root = await client.s3Xml({
    path: `/${bucket}`,
    query: { uploads: "", prefix, "encoding-type": "url", "max-uploads": "1000" },
  });
  return children(root, "Upload").map((one) => ({
    bucket,
    key: urlDecoded(textAt(one, "Key")),
    uploadId: textAt(one, "UploadId"),
    initiatedMs: Date.parse(textAt(one, "Initiated")),
  }));
}
