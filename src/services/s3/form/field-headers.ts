import { readXml } from "../../../protocols/rest-xml/read.ts";
import { S3Error } from "../errors/error.ts";
import { encodeWord } from "../objects/encoded-word.ts";
import { OBJECT_TAGS, parseTagging } from "../tagging/tags.ts";
import type { FormFields } from "./form-fields.ts";

/**
 * Fields with the meaning of PutObject's header of the same name. All others have no meaning for
 * the object.
 */
const AS_HEADERS = new RegExp(
  "^(cache-control|content-type|content-disposition|content-encoding|content-language|content-md5|expires" +
    "|x-amz-(acl|storage-class|website-redirect-location|sdk-checksum-algorithm|expected-bucket-owner)" +
    "|x-amz-(meta|checksum|object-lock|server-side-encryption)(-.*)?)$",
);
/** Fields whose header has another name. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ["acl", "x-amz-acl"],
  ["x-amz-checksum-algorithm", "x-amz-sdk-checksum-algorithm"],
]);
const METADATA = "x-amz-meta-";
/**
 * Headers of the request itself that count: the server's address, and the expected owner of the
 * bucket.
 */
const OF_REQUEST = ["host", "x-forwarded-proto", "x-amz-expected-bucket-owner"];

/**
 * The headers of the PutObject that a form stands for. `sent` are those of the request; few of them
 * count. Throws InvalidArgument for a field that no header can hold, and errors of the tags.
 */
export function fieldHeaders(fields: FormFields, sent: Headers): Headers {
  const headers = new Headers();
  for (const name of OF_REQUEST) {
    const value = sent.get(name);
    if (value !== null) headers.set(name, value);
  }
  for (const [fieldName, { value }] of fields) {
    const name = RENAMED.get(fieldName) ?? fieldName;
    // An empty input of a page counts as absent.
    if (AS_HEADERS.test(name) && (value !== "" || name.startsWith(METADATA))) setHeader(headers, name, value);
  }
  const tagging = fields.get("tagging")?.value;
  if (tagging) headers.set("x-amz-tagging", taggingHeader(tagging));
  return headers;
}

function setHeader(headers: Headers, name: string, value: string): void {
  // Metadata in a form may be any text: it is encoded as for a header.
  const text = name.startsWith(METADATA) ? encodeWord(value) : value;
  if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name) || /[\u0000-\u0008\u000a-\u001f\u007f]/.test(text)) {
    throw new S3Error("InvalidArgument", "The field cannot be a header.", { ArgumentName: name, ArgumentValue: value });
  }
  headers.set(name, text);
}

/** The field is the document of PutObjectTagging; the header has the tags as a query. */
function taggingHeader(text: string): string {
  const tags = parseTagging(readXml(new TextEncoder().encode(text), "Tagging"), OBJECT_TAGS);
  return tags.map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`).join("&");
}
