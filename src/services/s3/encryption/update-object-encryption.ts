import { child, childText, type XmlElement } from "../../../protocols/rest-xml/read.ts";
import type { KmsRequest } from "../../../store/sealed/encryption.ts";
import { updateEncryption } from "../../../store/sealed/update-encryption.ts";
import { readDocument } from "../body/document.ts";
import { S3Error } from "../errors/error.ts";
import type { Handler } from "../handler.ts";
import { versionOf } from "../objects/version-id.ts";
import { parseKmsKeyArn } from "./kms-key-arn.ts";

const SHAPE = { "SSE-KMS": { KMSKeyArn: "text", BucketKeyEnabled: "text" } } as const;

/**
 * UpdateObjectEncryption: from then on another KMS key seals the object's key. No byte of the
 * object moves.
 */
export const updateObjectEncryption: Handler = async (call) => {
  const { bucket, key, query, store } = call;
  const request = parseObjectEncryption(await readDocument(call, "ObjectEncryption", SHAPE));
  await updateEncryption(store, { bucket, key, ...versionOf(query) }, request);
  return { status: 200 };
};

/**
 * SSE-KMS is the only target in AWS's model: its ObjectEncryption has no other member. Throws
 * MalformedXML, InvalidArgument.
 */
function parseObjectEncryption(root: XmlElement): KmsRequest {
  const kms = child(root, "SSE-KMS");
  const arn = kms && childText(kms, "KMSKeyArn")?.trim();
  if (!kms || !arn) throw new S3Error("MalformedXML");
  const keyId = parseKmsKeyArn(arn, "KMSKeyArn");
  const flag = (childText(kms, "BucketKeyEnabled") ?? "false").trim();
  if (flag !== "true" && flag !== "false") throw new S3Error("MalformedXML");
  return { form: "aws:kms", keyId, context: {}, bucketKey: flag === "true" };
}
