import { invalidArgument } from "../listing/parameters.ts";

/** Of a key, not of an alias. */
const KMS_KEY_ARN = /^arn:aws:kms:[a-z0-9-]+:\d{12}:key\/[\x21-\x7e]{1,256}$/;

/** Reads the ARN of a KMS key from the element of this name. Throws InvalidArgument. */
export function parseKmsKeyArn(text: string, name: string): string {
  if (KMS_KEY_ARN.test(text)) return text;
  throw invalidArgument(name, text, "The ARN of the KMS key is not valid.");
}
