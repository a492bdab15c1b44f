import type { SelectSource } from "../../../select/formats/pieces.ts";
import { SelectRun } from "../../../select/run.ts";
import { type OpenObject, openObject } from "../../../store/read/objects.ts";
import { customerKey } from "../encryption/customer-key.ts";
import { requireNoEncryption } from "../encryption/headers.ts";
import { S3Error } from "../errors/error.ts";
import type { Handler } from "../handler.ts";
import { EventBody } from "./event-body.ts";
import { takeMemory } from "./memory.ts";
import { readSelectDocument } from "./select-document.ts";

const SELECT_TYPE = "select-type";

/**
 * SelectObjectContent: a query over the bytes of an object, answered as an event stream. Errors of
 * the request, the query and the beginning of the object are answered with a status, later ones
 * within the stream. As at AWS, versions cannot be named, and anonymous callers are refused.
 */
export const selectObjectContent: Handler = async (call) => {
  const { bucket, key, query, headers, store } = call;
  // A query costs CPU time, so somebody must be accountable for it.
  if (call.principal.kind === "anonymous") {
    throw new S3Error("AccessDenied", "Amazon S3 Select does not support anonymous access");
  }
  const type = query.get(SELECT_TYPE);
  if (type !== "2") {
    const details = { ArgumentName: SELECT_TYPE, ArgumentValue: type ?? "" };
    throw new S3Error("InvalidArgument", "The value of select-type must be 2.", details);
  }
  requireNoEncryption(headers);
  const request = await readSelectDocument(call);
  const object = await openObject(store, { bucket, key, customerKey: customerKey(call) });
  const run = new SelectRun(sourceOf(object), request, store.clock);
  const allowance = await takeMemory(call.selectMemory, request.input, store.clock);
  const body = await EventBody.open(run, allowance);
  return { status: 200, headers: { "Content-Type": "application/octet-stream" }, body };
};

function sourceOf({ head, read }: OpenObject): SelectSource {
  const { sizeBytes } = head;
  const nothing = { next: async () => null, cancel: async () => {} };
  return { sizeBytes, read: async (range) => (range.length === 0 ? nothing : read(range)) };
}
