import { authorise } from "../../auth/authorise.ts";
import { firstAccount } from "../../auth/principal.ts";
import type { Answer } from "../../edge/answer.ts";
import type { Exchange } from "../../edge/service.ts";
import { storeOf } from "../../store/buckets/databases.ts";
import { checkAddressedBucketName } from "./address/bucket-name.ts";
import { detectOperation } from "./address/detect-operation.ts";
import { withHoistedHeaders } from "./address/hoisted-headers.ts";
import { withSignedLists } from "./address/signed-lists.ts";
import { bucketOfHost, parseQueryParameters, parseTarget } from "./address/target.ts";
import { answerPreflight } from "./cors/preflight.ts";
import { S3Error } from "./errors/error.ts";
import { openForm } from "./form/open-form.ts";
import { withBucketRegion } from "./gate/bucket-region.ts";
import { inSandbox } from "./gate/sandbox.ts";
import { screen } from "./gate/screen.ts";
import type { Call, Handler, Payload } from "./handler.ts";
import type { OperationName } from "./operation-name.ts";
import { type OperationRow, operations } from "./operations.ts";
import type { S3Parts } from "./parts.ts";

/**
 * One authenticated request from its address to its answer: target → detect operation → authorise → screen → run. Throws S3Error
 * and StoreError; `service.ts` renders either.
 */
export async function dispatch(exchange: Exchange, { store, baseDomains }: S3Parts): Promise<Answer> {
  const { request, url, caller, signature } = exchange;
  const { method } = request;
  const form = signature.verified?.form;
  const target = parseTarget(url, baseDomains, form?.plus);
  if (method === "OPTIONS") return answerPreflight(store, target, request.headers);
  const query = parseQueryParameters(url.rawQuery);
  const headers = withHoistedHeaders(withSignedLists(request.headers, form), query);
  const name = detectOperation({ method, target, query, headers });
  exchange.operation = name;
  if (target.level !== "service") checkAddressedBucketName(target.bucket);
  const row = operations[name];

  const { mode, verified } = signature;
  const { bucket, key } = target;
  const stream = row.body === "none" ? null : request.body;
  const payload: Payload = { mode, verified, stream, contentLengthBytes: contentLength(headers) };
  const asked = { caller, bucket, key, headers, payload };
  // A form says itself who sends it, what its key is and which headers it stands for.
  const upload = row.body === "form" ? await openForm(asked, exchange) : asked;
  const call = { ...upload, principal: upload.caller.principal, bucket, query, store, requestId: exchange.requestId };
  try {
    const handler = admit(name, row, call);
    // Nobody makes the server look up a bucket who may not ask for it.
    const answer = await handler({ ...call, store: await storeOf(store, bucket) });
    // A host of the bucket's own is another origin than that of the server's pages.
    const isObject = name === "GetObject" || name === "HeadObject";
    return isObject && bucketOfHost(url.hostname, baseDomains) === null ? inSandbox(answer) : answer;
  } catch (error) {
    call.payload.form?.file.release();
    throw await withBucketRegion(error, { method, target, store });
  }
}

/** Authorises and screens; gives what does the work. */
function admit(name: OperationName, row: OperationRow, call: Call): Handler {
  const { principal, bucket, key, headers, query, payload } = call;
  const decision = authorise({ principal, action: row.permission, bucket, key });
  if (!decision.allowed) throw new S3Error("AccessDenied", undefined, {}, { cause: decision.reason });
  return screen({ name, row, headers, query, mode: payload.mode, ownerId: firstAccount.canonicalId });
}

function contentLength(headers: Headers): number | null {
  const text = headers.get("content-length");
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
