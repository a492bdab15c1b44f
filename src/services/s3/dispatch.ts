import { canonicalIdOf, type Principal, userIdOf } from "../../auth/principal.ts";
import type { Answer } from "../../edge/answer.ts";
import type { Exchange } from "../../edge/service.ts";
import type { Origin } from "../../metadata/events/outbox.ts";
import { admitFirst, admitStranger } from "../../store/buckets/admission.ts";
import { storeOf } from "../../store/buckets/databases.ts";
import { guardedStore } from "../../store/guarded-store.ts";
import { accountDirectory } from "./acl/directory.ts";
import { GRANT_HEADERS } from "./acl/headers.ts";
import { aclOfHeaders } from "./acl/requested-acl.ts";
import { checkAddressedBucketName } from "./address/bucket-name.ts";
import { detectOperation } from "./address/detect-operation.ts";
import { withHoistedHeaders } from "./address/hoisted-headers.ts";
import { withSignedLists } from "./address/signed-lists.ts";
import { bucketOfHost, parseQueryParameters, parseTarget } from "./address/target.ts";
import {
  answerResourceTags,
  isResourceTags,
  RESOURCE_TAG_ACTS,
  taggedBucket,
  tagHeaders,
} from "./control/resource-tags.ts";
import { answerPreflight } from "./cors/preflight.ts";
import { isPrivateConnection } from "./encryption/private-connection.ts";
import { openForm } from "./form/open-form.ts";
import type { Ask } from "./gate/ask.ts";
import { withBucketRegion } from "./gate/bucket-region.ts";
import { RequestGate } from "./gate/gate.ts";
import { inSandbox } from "./gate/sandbox.ts";
import { screen } from "./gate/screen.ts";
import type { Call, Payload } from "./handler.ts";
import { type OperationRow, operations } from "./operations.ts";
import type { S3Parts } from "./parts.ts";
import { answerAccountBlock, isAccountBlock } from "./public-access/account-block.ts";

/**
 * Runs one authenticated request: target → detect operation → screen → run. The store authorises it
 * by what it finds, before anything is answered or committed (`gate/gate.ts`). Throws S3Error,
 * AccessRefused and StoreError; `service.ts` renders them.
 */
export async function dispatch(exchange: Exchange, parts: S3Parts & Pick<Call, "selectMemory">): Promise<Answer> {
  const { store, baseDomains, events, selectMemory } = parts;
  const { request, url, caller, signature } = exchange;
  const { method } = request;
  const form = signature.verified?.form;
  const target = parseTarget(url, baseDomains, form?.plus);
  if (isAccountBlock(url, request.headers)) return answerAccountBlock(exchange, guardedStore(store, caller.guard));
  if (isResourceTags(url, request.headers)) return dispatchResourceTags(exchange, store);
  if (method === "OPTIONS") return answerPreflight(store, target, request.headers);
  const query = parseQueryParameters(url.rawQuery);
  const headers = withHoistedHeaders(withSignedLists(request.headers, form), query);
  const name = detectOperation({ method, target, query, headers });
  exchange.operation = name;
  if (target.level !== "service") checkAddressedBucketName(target.bucket);
  const row = operations[name];

  const { mode, verified } = signature;
  const { bucket, key } = target;
  const pieces = row.body === "none" ? null : exchange.pieces;
  const payload: Payload = { mode, verified, pieces, contentLengthBytes: contentLength(headers) };
  const asked = { caller, bucket, key, headers, payload };
  // A form itself states its sender, its key and the headers that it stands for.
  const upload = row.body === "form" ? { ...(await openForm(asked, exchange)), bucket } : asked;
  try {
    const handler = screen({ name, row, headers: upload.headers, query, mode: upload.payload.mode });
    const directory = accountDirectory(store, canonicalIdOf(upload.caller.principal));
    const gate = openGate(row, { ...upload, query, directory }, exchange);
    const origin = originOf(exchange, upload.caller.principal);
    const dataKeys = parts.dataKeysOf?.(upload.caller);
    const guarded = guardedStore(store, dataKeys ? dataKeys.guard : upload.caller.guard, dataKeys);
    const gated = { ...(await storeOf(guarded, bucket)), gate, origin };
    const confirm = () => upload.caller.confirm();
    if (gate.setsAcl) {
      // Only callers who may write here learn whether an account has some e-mail address.
      if (GRANTS.some((header) => upload.headers.has(header))) await admitStranger(gated, bucket, confirm);
      gate.acl = await aclOfHeaders(upload.headers, directory);
    }
    // The server reads no body of a caller without permission in the bucket. A new bucket does not
    // exist yet.
    if (row.body !== "none" && name !== "CreateBucket") {
      await admitFirst(gated, bucket, confirm);
    }
    const { principal } = upload.caller;
    const takesCustomerKeys = isPrivateConnection(exchange.facts, store.settings);
    const { requestId, hostId } = exchange;
    const about = { requestId, hostId, events, takesCustomerKeys, selectMemory };
    const call: Call = { ...upload, principal, query, store: gated, gate, directory, ...about };
    const answer = await handler(call);
    gate.requireDecided();
    // A bucket's own host is another origin than that of the server's pages.
    const isObject = name === "GetObject" || name === "HeadObject";
    return isObject && bucketOfHost(url.hostname, baseDomains) === null ? inSandbox(answer) : answer;
  } catch (error) {
    upload.payload.form?.file.release();
    throw await withBucketRegion(error, { method, target, store });
  }
}

/** TagResource, UntagResource and ListTagsForResource, authorised like an operation of the bucket. */
async function dispatchResourceTags(exchange: Exchange, store: S3Parts["store"]): Promise<Answer> {
  const { request, url, caller, facts } = exchange;
  const { bucket, act } = taggedBucket(exchange);
  const query = parseQueryParameters(url.rawQuery);
  const ask: Ask = { action: RESOURCE_TAG_ACTS[act].action, subject: "bucket", bucket, key: "" };
  const { principal } = caller;
  const headers = tagHeaders(request.headers, "accountId" in principal ? principal.accountId : null);
  const tlsVersion = facts.tlsVersion ?? null;
  const about = { bucket, key: "", query, headers, isForm: false, tlsVersion };
  const gate = new RequestGate({ caller, asks: [ask], request: { ...about, nowMs: exchange.receivedMs, body: {} } });
  const gated = { ...(await storeOf(guardedStore(store, caller.guard), bucket)), gate };
  const answer = await answerResourceTags({ exchange, query, bucket, act, store: gated, gate });
  gate.requireDecided();
  return answer;
}

const GRANTS = Object.keys(GRANT_HEADERS);

type Opened = Pick<Call, "caller" | "bucket" | "key" | "headers" | "payload" | "query" | "directory">;

/** The gate of a request. It has decided only asks that concern no bucket. */
function openGate(row: OperationRow, opened: Opened, { facts, receivedMs, countFor: count }: Exchange): RequestGate {
  const { caller, payload } = opened;
  const asks = row.asks(opened);
  const tlsVersion = facts.tlsVersion ?? null;
  const about = { ...opened, isForm: payload.form !== undefined, nowMs: receivedMs, tlsVersion, body: {} };
  const countFor = caller.principal.kind === "anonymous" ? count : undefined;
  const gate = new RequestGate({ caller, asks, request: about, countFor });
  // The handler has decided anything that the body adds.
  if (row.body === "none") gate.account();
  return gate;
}

/** The request, for event messages. */
function originOf({ facts, requestId, hostId }: Exchange, principal: Principal): Origin {
  const userId = userIdOf(principal);
  return {
    requester: userId === null ? "Anonymous" : `AWS:${userId}`,
    account: "accountId" in principal ? principal.accountId : null,
    sourceIp: String(facts.context("aws:sourceip") ?? ""),
    requestId,
    hostId,
  };
}

function contentLength(headers: Headers): number | null {
  const text = headers.get("content-length");
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
