import { copyObject as storeCopy } from "../../store/copy.ts";
import type { Attributes, ObjectHead } from "../../store/types.ts";
import { S3Error } from "../error.ts";
import type { Call, Handler } from "../handler.ts";
import { parseAttributes } from "../objects/attributes.ts";
import { parseChecksumAlgorithm } from "../objects/checksums.ts";
import { checkCopyConditions, parseWriteCondition } from "../objects/conditions.ts";
import { type CopySource, copySourceHeader, ofCopySource, parseCopySource } from "../objects/copy-source.ts";
import { parseStorageClass } from "../objects/storage-class.ts";
import { writtenVersionHeader } from "../objects/version-id.ts";
import { copyResult } from "../objects/write-answers.ts";
import { xmlDocument } from "../xml/write.ts";

const ONTO_ITSELF =
  "This copy request is illegal because it is trying to copy an object to itself without changing the object's " +
  "metadata, storage class, website redirect location or encryption attributes.";

/** CopyObject. Of the request's attributes only those count that the metadata directive REPLACE lets in. */
export const copyObject: Handler = async (call) => {
  const { bucket, key, headers, store } = call;
  const source = parseCopySource(headers.get("x-amz-copy-source") ?? "");
  const attributes = parseDirectives(headers);
  const storageClass = parseStorageClass(headers, store);
  const checksumAlgorithm = parseChecksumAlgorithm(headers);
  const condition = parseWriteCondition(headers);
  const copying = storeCopy(store, {
    source,
    check: (head) => {
      checkCopyConditions(headers, head);
      if (attributes === "copy") refuseNoChange(call, source, head);
    },
    bucket,
    key,
    attributes,
    storageClass,
    ...(checksumAlgorithm && { checksumAlgorithm }),
    ...(condition && { condition }),
  });
  const copied = await ofCopySource(copying);
  return {
    status: 200,
    headers: { ...copySourceHeader(copied.sourceVersionId), ...writtenVersionHeader(copied.versionId) },
    body: xmlDocument("CopyObjectResult", copyResult(copied, copied.checksum)),
  };
};

/** The attributes of the copy: those of the request, or the source's. */
function parseDirectives(headers: Headers): Attributes | "copy" {
  const tagging = directive(headers, "x-amz-tagging-directive", "Unknown tagging directive.");
  if (tagging === "REPLACE") throw new S3Error("NotImplemented", undefined, { Header: "x-amz-tagging-directive" });
  const metadata = directive(headers, "x-amz-metadata-directive", "Unknown metadata directive.");
  return metadata === "REPLACE" ? parseAttributes(headers) : "copy";
}

function directive(headers: Headers, header: string, unknown: string): "COPY" | "REPLACE" {
  const text = headers.get(header) ?? "COPY";
  if (text === "COPY" || text === "REPLACE") return text;
  throw new S3Error("InvalidArgument", unknown, { ArgumentName: header, ArgumentValue: text });
}

/** An object copied onto itself must change in something; an older version that is copied becomes the newest one. */
function refuseNoChange({ bucket, key, headers, store }: Call, source: CopySource, head: ObjectHead): void {
  if (source.bucket !== bucket || source.key !== key || source.versionId !== undefined) return;
  const algorithm = parseChecksumAlgorithm(headers);
  if (algorithm !== null && algorithm !== head.checksum?.algorithm) return;
  if (parseStorageClass(headers, store) !== head.storageClass) return;
  throw new S3Error("InvalidRequest", ONTO_ITSELF);
}
