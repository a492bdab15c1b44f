import { anonymousCaller } from "../../../auth/caller.ts";
import { firstAccount } from "../../../auth/principal.ts";
import { s3SigningRules } from "../../../auth/sigv4/signing-rules.ts";
import { ByteBudget } from "../../../base/byte-budget.ts";
import type { Answer } from "../../../edge/answer.ts";
import { cutUrl, type RawUrl } from "../../../edge/raw-url.ts";
import type { Exchange, ExchangeHead, Failed, Service } from "../../../edge/service.ts";
import { findBucketConfiguration } from "../../../store/buckets/bucket-configuration.ts";
import { storeOf } from "../../../store/buckets/databases.ts";
import { checkAddressedBucketName } from "../address/bucket-name.ts";
import { encodeKey } from "../address/encode-key.ts";
import { parseTarget, type Target } from "../address/target.ts";
import { corsAnswerHeaders } from "../cors/answer-headers.ts";
import { dispatch } from "../dispatch.ts";
import { S3Error } from "../errors/error.ts";
import { toS3Error } from "../errors/render-error.ts";
import { accessRecord, loggedTarget } from "../logging/access-record.ts";
import type { S3Parts } from "../parts.ts";
import type { WebsiteConfiguration } from "./configuration.ts";
import { errorPage } from "./error-page.ts";
import { bucketOfWebsite, readWebsiteHosts, type WebsiteHosts, type WebsiteVariables } from "./hosts.ts";
import { findRule, type Origin, redirectAllTo, redirectOf, urlOf } from "./redirects.ts";

/**
 * Host under which a website requests its bucket's objects from S3. No request from outside has
 * such a host.
 */
const INSIDE = "website.invalid";
/** Request headers that matter for reading an object. */
const READ_HEADERS = ["range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range"];
const CORS_HEADERS = ["origin", "access-control-request-method", "access-control-request-headers"];

type Inside = Parameters<typeof dispatch>[1];
type Site = Exclude<WebsiteConfiguration, { redirectAll: unknown }>;

/**
 * Buckets as websites, on host names of their own. All callers are anonymous, whatever a request is
 * signed with: they get what the bucket's policy and ACLs let everybody read. S3's own operation
 * reads each object, with all its checks.
 *
 * Follows "Hosting a static website using Amazon S3" in the Amazon S3 User Guide.
 */
export function websiteService(parts: S3Parts, hosts: WebsiteHosts): Service {
  // There is no SelectObjectContent here, so it needs no memory.
  const inside: Inside = { ...parts, baseDomains: [INSIDE], selectMemory: new ByteBudget(0) };
  const bucketOf = (hostname: string) => bucketOfWebsite(hostname, hosts) ?? "";
  return {
    name: "s3",
    signing: s3SigningRules,
    body: { kind: "stream" },
    isPublic: () => true,
    bucketOfHost: bucketOf,
    headersBeside: (request) => {
      const { hostname, pathname } = new URL(request.url);
      const url = `http://${hostInside(bucketOf(hostname))}${pathname}`;
      return corsAnswerHeaders(
        new Request(url, { method: request.method, headers: picked(request.headers, CORS_HEADERS) }),
        inside,
      );
    },
    answer: (exchange) => new Visit(exchange, inside, bucketOf(exchange.url.hostname)).answer(),
    ended(exchange, lifetime) {
      const { accessLog, store } = parts;
      const { url } = exchange.about;
      const about = { ...exchange.about, url: { ...url, hostname: hostInside(bucketOf(url.hostname)) } };
      const target = accessLog === undefined ? null : loggedTarget({ about }, [INSIDE]);
      if (target === null || !accessLog?.mayWant(target.bucket)) return;
      accessLog.record(store, accessRecord(exchange, target), lifetime);
    },
    fail,
  };
}

/** The service, from the Worker's variables, and the test for its URLs. */
export function openWebsite(
  variables: WebsiteVariables,
  parts: S3Parts,
): { service: Service; isFor(url: string): boolean } {
  const hosts = readWebsiteHosts(variables);
  const isFor = (url: string) => bucketOfWebsite(cutUrl(url).hostname, hosts) !== null;
  return { service: websiteService(parts, hosts), isFor };
}

/** One request to a website. */
class Visit {
  readonly #exchange: Exchange;
  readonly #parts: Inside;
  readonly #bucket: string;
  readonly #origin: Origin;

  constructor(exchange: Exchange, parts: Inside, bucket: string) {
    const { protocol, host } = new URL(exchange.request.url);
    this.#exchange = exchange;
    this.#parts = parts;
    this.#bucket = bucket;
    this.#origin = { protocol, host };
  }

  async answer(): Promise<Answer> {
    const { request, url } = this.#exchange;
    const { method } = request;
    this.#exchange.operation = "WebsiteGet";
    if (method === "OPTIONS") return this.#ask("OPTIONS", "", picked(request.headers, CORS_HEADERS));
    if (method !== "GET" && method !== "HEAD") {
      const details = { Method: method, ResourceType: "OBJECT" };
      throw new S3Error("MethodNotAllowed", undefined, details, { headers: { Allow: "GET, HEAD, OPTIONS" } });
    }
    const website = await this.#configuration();
    if ("redirectAll" in website) return moved(301, redirectAllTo(website, this.#origin, url));
    const { key } = targetOn(this.#bucket, url);
    const rule = findRule(website.rules, key, null);
    if (rule) {
      const { status, location } = redirectOf(rule, this.#origin, key);
      return moved(status, location);
    }
    try {
      return await this.#page(website, key);
    } catch (thrown) {
      return this.#insteadOf(website, key, toS3Error(thrown, method));
    }
  }

  async #configuration(): Promise<WebsiteConfiguration> {
    checkAddressedBucketName(this.#bucket);
    const store = await storeOf(this.#parts.store, this.#bucket);
    const { bucket, value } = await findBucketConfiguration(store, this.#bucket, "website");
    if (value === null) {
      throw new S3Error("NoSuchWebsiteConfiguration", undefined, { BucketName: this.#bucket });
    }
    // Here, because a redirect reaches no object and counts too.
    this.#exchange.countFor({ accountId: bucket.ownerAccount ?? firstAccount.accountId, rate: bucket.ownerRate });
    return value as WebsiteConfiguration;
  }

  /** The object, or the index document of the folder. Throws S3's errors. */
  async #page(website: Site, key: string): Promise<Answer> {
    const { request } = this.#exchange;
    const isFolder = key === "" || key.endsWith("/");
    const method = request.method as "GET" | "HEAD";
    try {
      const found = await this.#ask(
        method,
        isFolder ? key + website.indexSuffix : key,
        picked(request.headers, READ_HEADERS),
      );
      const location = found.headers?.["x-amz-website-redirect-location"];
      if (location === undefined) return found;
      await cancel(found);
      return moved(
        301,
        location.startsWith("/") ? `${this.#origin.protocol}//${this.#origin.host}${location}` : location,
      );
    } catch (thrown) {
      const { status } = toS3Error(thrown, method);
      const mayBeFolder = !isFolder && (status === 404 || status === 403);
      if (mayBeFolder && (await this.#has(`${key}/${website.indexSuffix}`))) {
        return moved(302, urlOf(this.#origin, `${key}/`));
      }
      throw thrown;
    }
  }

  async #has(key: string): Promise<boolean> {
    try {
      await this.#ask("HEAD", key, new Headers());
      return true;
    } catch (thrown) {
      if (toS3Error(thrown).status >= 500) throw thrown;
      return false;
    }
  }

  /** A website's answer to an error: a redirect, its own error document, or S3's page. */
  async #insteadOf(website: Site, key: string, error: S3Error): Promise<Answer> {
    const { status } = error;
    if (status < 400) throw error;
    const rule = findRule(website.rules, key, status);
    if (rule) {
      const redirect = redirectOf(rule, this.#origin, key);
      return moved(redirect.status, redirect.location);
    }
    if (website.errorKey === undefined || status >= 500) throw error;
    try {
      const page = await this.#ask(this.#exchange.request.method as "GET" | "HEAD", website.errorKey, new Headers());
      const { ETag: _, "Last-Modified": __, "Accept-Ranges": ___, ...headers } = page.headers ?? {};
      this.#exchange.error = error.code;
      return { ...page, status, headers: { ...headers, ...errorHeaders(error) } };
    } catch (thrown) {
      const second = toS3Error(thrown);
      if (second.status >= 500) throw thrown;
      throw new WebsiteError(error, second);
    }
  }

  /** Requests an object of the bucket from S3, as an anonymous client. */
  #ask(method: "GET" | "HEAD" | "OPTIONS", key: string, headers: Headers): Promise<Answer> {
    const { facts } = this.#exchange;
    const rawPath = `/${encodeKey(key)}`;
    const hostname = hostInside(this.#bucket);
    const request = new Request(`http://${hostname}/`, { method, headers });
    const inside = {
      ...this.#exchange,
      request,
      url: { hostname, rawPath, rawQuery: "" },
      caller: anonymousCaller(facts),
    };
    return dispatch({ ...inside, pieces: null }, this.#parts);
  }
}

/** An error whose error document could not be read. */
class WebsiteError extends Error {
  readonly first: S3Error;
  readonly second: S3Error;

  constructor(first: S3Error, second: S3Error) {
    super(first.message);
    this.name = "WebsiteError";
    this.first = first;
    this.second = second;
  }
}

function fail(thrown: unknown, { request, requestId, hostId }: ExchangeHead): Failed {
  const error = thrown instanceof WebsiteError ? thrown.first : toS3Error(thrown, request.method);
  const { status, code, message, details, headers, cause } = error;
  if (status < 400) return { answer: { status, headers }, code, cause };
  const errorDocumentFailed =
    thrown instanceof WebsiteError ? { code: thrown.second.code, message: thrown.second.message } : undefined;
  const body = errorPage({
    status,
    code,
    message,
    details,
    requestId,
    hostId,
    ...(errorDocumentFailed && { errorDocumentFailed }),
  });
  const html = { "Content-Type": "text/html; charset=utf-8", ...errorHeaders(error) };
  return { answer: { status, headers: { ...headers, ...html }, body }, code, cause };
}

/** Headers in which S3's website endpoints describe an error, beside the page. */
function errorHeaders({ code, message, details }: S3Error): Record<string, string> {
  const told = { "x-amz-error-code": code, "x-amz-error-message": message };
  return details.Key === undefined ? told : { ...told, "x-amz-error-detail-Key": encodeURIComponent(details.Key) };
}

function moved(status: number, location: string): Answer {
  return { status, headers: { Location: location, "Content-Length": "0" } };
}

/** The object or folder that a path names on a bucket's website. Throws as `parseTarget`. */
function targetOn(bucket: string, url: RawUrl): Target {
  return parseTarget({ ...url, hostname: hostInside(bucket) }, [INSIDE]);
}

function hostInside(bucket: string): string {
  return `${bucket}.${INSIDE}`;
}

function picked(headers: Headers, names: readonly string[]): Headers {
  const found = names.flatMap((name): [string, string][] => {
    const value = headers.get(name);
    return value === null ? [] : [[name, value]];
  });
  return new Headers(found);
}

async function cancel({ body }: Answer): Promise<void> {
  if (body !== undefined && typeof body === "object" && "cancel" in body) await body.cancel();
}
