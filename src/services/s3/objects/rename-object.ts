import { renameObject as renameStored } from "../../../store/write/rename.ts";
import { customerKey } from "../encryption/customer-key.ts";
import { S3Error } from "../errors/error.ts";
import type { Handler } from "../handler.ts";
import { checkRenameSource, renameTargetCheck } from "./conditions.ts";
import { parseRenameSource } from "./rename-source.ts";

/** All parameters of a rename besides its keys: a client token stands for them. */
const CONDITIONS = ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"];
const SOURCE_CONDITIONS = CONDITIONS.map((name) => `x-amz-rename-source-${name}`);

/** RenameObject, in any bucket: at AWS it is an operation of directory buckets. */
export const renameObject: Handler = async (call) => {
  const { bucket, key, headers, store } = call;
  const source = parseRenameSource(headers);
  if (source === key) throw new S3Error("InvalidRequest", "The source and the destination of a rename must differ.");
  const checkTarget = renameTargetCheck(headers);
  const token = parseClientToken(headers);
  const conditions = [...CONDITIONS, ...SOURCE_CONDITIONS].map((name) => headers.get(name));
  await renameStored(store, {
    bucket,
    source,
    key,
    customerKey: customerKey(call),
    checkSource: (head) => checkRenameSource(headers, head),
    ...(checkTarget && { checkTarget }),
    ...(token !== null && { idempotency: { token, parameters: JSON.stringify([source, key, ...conditions]) } }),
  });
  return { status: 200 };
};

/** Reads x-amz-client-token: up to 64 visible ASCII characters. Throws InvalidArgument. */
function parseClientToken(headers: Headers): string | null {
  const token = headers.get("x-amz-client-token");
  if (token === null || /^[\x21-\x7e]{1,64}$/.test(token)) return token;
  throw new S3Error("InvalidArgument", "The client token must be 1 to 64 characters of visible ASCII.", {
    ArgumentName: "x-amz-client-token",
    ArgumentValue: token,
  });
}
