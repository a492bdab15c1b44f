import { authorise } from "../../auth/authorise.ts";
import { rootOwnerId } from "../../auth/keys/ring.ts";
import type { RequestHead } from "../../auth/sigv4/request-head.ts";
import type { Answer } from "../../edge/answer.ts";
import { storeOf } from "../../store/buckets/databases.ts";
import { checkAddressedBucketName } from "./address/bucket-name.ts";
import { detectOperation } from "./address/detect-operation.ts";
import { withHoistedHeaders } from "./address/hoisted-headers.ts";
import { bucketOfHost, cutUrl, parseQueryParameters, parseTarget, type RawUrl } from "./address/target.ts";
import { answerPreflight } from "./cors/preflight.ts";
import { S3Error } from "./errors/error.ts";
import { openForm } from "./form/open-form.ts";
import type { Front } from "./front.ts";
import { authenticate } from "./gate/authenticate.ts";
import { screen } from "./gate/screen.ts";
import type { Call, Handler, Payload } from "./handler.ts";
import type { OperationName } from "./operation-name.ts";
import { type OperationRow, operations } from "./operations.ts";

/** What is known of a request to those who log and count it. */
export interface Trace {
  readonly requestId: string;
  /** Set as soon as it is known. */
  operation: OperationName | "unknown";
}

/**
 * One request from its address to its answer: target → authenticate → detect operation → authorise → screen → run.
 * Throws S3Error and StoreError; `app.ts` renders either.
 */
export async function dispatch(request: Request, front: Front, trace: Trace): Promise<Answer> {
  const { method } = request;
  const url = cutUrl(request.url);
  const target = parseTarget(url, front.baseDomains);
  if (method === "OPTIONS") return answerPreflight(front.store, target, request.headers);
  const query = parseQueryParameters(url.rawQuery);

  const { keys, signingKeys, store } = front;
  const who = authenticate(signedHead(request, url, front.baseDomains), {
    keys,
    signingKeys,
    nowMs: store.clock.now(),
  });
  const headers = withHoistedHeaders(request.headers, query);
  const name = detectOperation({ method, target, query, headers });
  trace.operation = name;
  if (target.level !== "service") checkAddressedBucketName(target.bucket);
  const row = operations[name];

  const { principal, mode, verified } = who;
  const { bucket, key } = target;
  const stream = row.body === "none" ? null : request.body;
  const payload: Payload = { mode, verified, stream, contentLengthBytes: contentLength(headers) };
  const asked = { principal, bucket, key, headers, payload };
  // A form says itself who sends it, what its key is and which headers it stands for.
  const upload = row.body === "form" ? await openForm(asked, front) : asked;
  const call = { ...upload, bucket, query, store, requestId: trace.requestId };
  try {
    const handler = admit(name, row, call);
    // Nobody makes the server look up a bucket who may not ask for it.
    return await handler({ ...call, store: await storeOf(store, bucket) });
  } catch (error) {
    call.payload.form?.file.release();
    throw error;
  }
}

/** Authorises and screens; gives what does the work. */
function admit(name: OperationName, row: OperationRow, call: Call): Handler {
  const { principal, bucket, key, headers, query, payload } = call;
  const decision = authorise({ principal, action: row.permission, bucket, key });
  if (!decision.allowed) throw new S3Error("AccessDenied", undefined, {}, { cause: decision.reason });
  return screen({ name, row, headers, query, mode: payload.mode, ownerId: rootOwnerId });
}

/** The part of the request that signatures cover. The edge replaces Accept-Encoding and keeps the client's own apart. */
function signedHead(request: Request, url: RawUrl, baseDomains: readonly string[]): RequestHead {
  const { hostname, rawPath, rawQuery } = url;
  const acceptEncodingOriginal = request.cf?.clientAcceptEncoding;
  const bucket = bucketOfHost(hostname, baseDomains);
  return {
    method: request.method,
    rawPath,
    rawQuery,
    headers: new Map(request.headers),
    ...(typeof acceptEncodingOriginal === "string" ? { acceptEncodingOriginal } : {}),
    ...(bucket === null ? {} : { bucketOfHost: bucket }),
  };
}

function contentLength(headers: Headers): number | null {
  const text = headers.get("content-length");
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
