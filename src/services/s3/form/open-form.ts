import type { Caller } from "../../../auth/access.ts";
import type { BodyPieces } from "../../../base/body-pieces.ts";
import type { Exchange } from "../../../edge/service.ts";
import { checkKeyLength } from "../address/target.ts";
import { S3Error } from "../errors/error.ts";
import type { Payload } from "../handler.ts";
import { ANY_SIZE, checkPolicy } from "./check-policy.ts";
import { delimiterMarker, parseBoundary } from "./delimiter.ts";
import { fieldHeaders } from "./field-headers.ts";
import type { FormField, FormFields } from "./form-fields.ts";
import { FormFile } from "./form-file.ts";
import { type FormHead, readFormHead } from "./form-head.ts";
import { parsePolicyDocument } from "./policy-document.ts";

/** The upload that a form stands for, with the facts that a PutObject has in its headers. */
export interface OpenForm {
  readonly caller: Caller;
  readonly key: string;
  readonly headers: Headers;
  readonly payload: Payload;
}

/** The HTTP request with a form. */
export interface FormRequest {
  /** Signer of the request itself. */
  readonly caller: Caller;
  readonly bucket: string;
  readonly headers: Headers;
  readonly payload: Payload;
}

/**
 * Reads a form up to its file, authenticates its sender and checks it against its policy
 * ("Browser-Based Uploads Using POST"). It is not authorised yet. Throws PreconditionFailed if the
 * request is not a form, and errors of the form, the signature or the policy; the body is then
 * released. Afterwards the form's user releases it.
 */
export async function openForm(request: FormRequest, exchange: FormExchange): Promise<OpenForm> {
  const contentType = request.headers.get("Content-Type") ?? "";
  if (!/^multipart\/form-data\s*(;|$)/i.test(contentType)) {
    throw new S3Error("PreconditionFailed", undefined, {
      Condition: "Bucket POST must be of the enclosure-type multipart/form-data",
    });
  }
  if (request.caller.principal.kind !== "anonymous") {
    throw new S3Error("InvalidRequest", "A form is signed by its policy, not by a header or by parameters of the URL.");
  }
  const boundary = parseBoundary(contentType);
  const { pieces, contentLengthBytes: sizeBytes } = request.payload;
  if (boundary === null || pieces === null) throw new S3Error("MalformedPOSTRequest");
  if (sizeBytes === null) throw new S3Error("MissingContentLength");
  const body = { pieces, marker: delimiterMarker(boundary), sizeBytes };
  try {
    return await uploadOf(await readFormHead(body.pieces, body.marker), body, request, exchange);
  } catch (error) {
    body.pieces.release();
    throw error;
  }
}

/** Facts of the exchange that a form needs. */
type FormExchange = Pick<Exchange, "authenticateForm" | "receivedMs">;

interface Body {
  readonly pieces: BodyPieces;
  readonly marker: ReturnType<typeof delimiterMarker>;
  readonly sizeBytes: number;
}

async function uploadOf(head: FormHead, body: Body, request: FormRequest, exchange: FormExchange): Promise<OpenForm> {
  const fields = expandFileName(head.fields, head.fileName);
  if (!fields.has("key")) throw missingKey();
  const values = new Map([...fields].map(([name, { value }]) => [name, value]));
  const { caller, policy } = await exchange.authenticateForm(values);
  const checked = { fields, bucket: request.bucket, nowMs: exchange.receivedMs };
  const range = policy === null ? ANY_SIZE : checkPolicy(parsePolicyDocument(policy), checked);
  const key = checkKey(values.get("key") as string);
  const form = { fields, file: new FormFile(body, head, range) };
  const headers = fieldHeaders(fields, request.headers);
  return { caller, key, headers, payload: { ...request.payload, mode: { kind: "unsigned" }, verified: null, form } };
}

/** "All variables within the form are expanded prior to validating the POST policy." Without a file name S3 leaves them. */
function expandFileName(fields: FormFields, fileName: string | null): FormFields {
  if (fileName === null) return fields;
  const expand = ({ name, value }: FormField) => ({ name, value: value.replace(/\$\{filename\}/g, () => fileName) });
  return new Map([...fields].map(([name, field]) => [name, expand(field)]));
}

function missingKey(): S3Error {
  return new S3Error(
    "InvalidArgument",
    "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.",
    { ArgumentName: "key", ArgumentValue: "" },
  );
}

function checkKey(key: string): string {
  const refused = (message: string) =>
    new S3Error("InvalidArgument", message, { ArgumentName: "key", ArgumentValue: key });
  if (key === "") throw refused("User key must have a length greater than 0.");
  if (key.includes("\0")) throw refused("User key must not contain U+0000.");
  checkKeyLength(key);
  return key;
}
