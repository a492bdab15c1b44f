import { s3SigningRules } from "../../auth/sigv4/signing-rules.ts";
import { ByteBudget } from "../../base/byte-budget.ts";
import type { Exchange, ExchangeHead, Failed, Service } from "../../edge/service.ts";
import { bucketOfHost } from "./address/target.ts";
import { corsAnswerHeaders } from "./cors/answer-headers.ts";
import { dispatch } from "./dispatch.ts";
import { errorDocument, toS3Error } from "./errors/render-error.ts";
import { accessRecord, loggedTarget } from "./logging/access-record.ts";
import type { S3Parts } from "./parts.ts";

/** Half of an isolate: further queries are answered Busy. */
const SELECT_MEMORY_MIB = 64;

/** Amazon S3. */
export function s3Service(parts: S3Parts): Service {
  const selectMemory = new ByteBudget(SELECT_MEMORY_MIB);
  return {
    name: "s3",
    signing: s3SigningRules,
    body: { kind: "stream" },
    isPublic: ({ method }) => method === "OPTIONS",
    bucketOfHost: (hostname) => bucketOfHost(hostname, parts.baseDomains),
    headersBeside: (request) => corsAnswerHeaders(request, parts),
    answer: (exchange: Exchange) => dispatch(exchange, { ...parts, selectMemory }),
    ended(exchange, lifetime) {
      const { accessLog, store, baseDomains } = parts;
      const target = accessLog === undefined ? null : loggedTarget(exchange, baseDomains);
      if (target === null || !accessLog?.mayWant(target.bucket)) return;
      accessLog.record(store, accessRecord(exchange, target), lifetime);
    },
    fail,
  };
}

function fail(thrown: unknown, { request, url, requestId, hostId }: ExchangeHead): Failed {
  const error = toS3Error(thrown, request.method);
  const { status, headers, code, cause } = error;
  // A client that already has the object gets no document.
  const body = status === 304 ? {} : { body: errorDocument(error, { resource: url.rawPath, requestId, hostId }) };
  return { answer: { status, headers, ...body }, code, cause };
}
