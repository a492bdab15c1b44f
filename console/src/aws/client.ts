import { AwsV4Signer } from "aws4fetch";
import { AwsError, errorOf } from "./errors.ts";
import { encode } from "./keys.ts";
import { at, members, parseXml, textAt } from "./xml.ts";

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  /** Of temporary credentials. */
  sessionToken?: string;
}

export type ServiceName = "s3" | "iam" | "sts" | "sqs" | "sns" | "athena" | "sherd";

export interface AwsRequest {
  method?: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** Path with its segments encoded; see `objectPath`. */
  path: string;
  query?: Readonly<Record<string, string | undefined>>;
  headers?: Readonly<Record<string, string | undefined>>;
  body?: string | Blob | ArrayBuffer;
  /** SHA-256 of the body in hex; the server refuses any other body. Absent: that of a string is computed, others are not covered. */
  bodySha256?: string;
  signal?: AbortSignal | undefined;
}

/** A request with its signature, for a sender other than `fetch`. */
export interface SignedRequest {
  method: string;
  url: string;
  headers: Headers;
}

const VERSIONS = { iam: "2010-05-08", sts: "2011-06-15", sns: "2010-03-31" } as const;
/** Where the next page of a list begins, in an answer that is not the last and in the request that follows it. */
const NEXT = { iam: "Marker", sns: "NextToken" } as const;

/**
 * Speaks to the store by AWS's own APIs, signed with the caller's key (Signature Version 4). Every method throws `AwsError`, with code
 * `NetworkError` if no answer came, and the signal's reason if it was aborted.
 */
export class AwsClient {
  readonly origin: string;
  readonly region: string;
  #credentials: Credentials;

  constructor(credentials: Credentials, { origin, region }: { origin: string; region: string }) {
    this.#credentials = credentials;
    this.origin = origin;
    this.region = region;
  }

  get credentials(): Credentials {
    return this.#credentials;
  }

  /** Signs with these from now on, in work that is under way too. */
  renew(credentials: Credentials): void {
    this.#credentials = credentials;
  }

  async sign(service: ServiceName, request: AwsRequest): Promise<SignedRequest> {
    const headers = new Headers();
    for (const [name, value] of Object.entries(request.headers ?? {}))
      if (value !== undefined) headers.set(name, value);
    const { body } = request;
    const sha256 =
      request.bodySha256 ?? (typeof body === "string" ? await sha256Hex(new TextEncoder().encode(body)) : null);
    // Without it the signature of S3 does not cover the body. The other services cover it in any case.
    if (sha256 !== null) headers.set("x-amz-content-sha256", sha256);
    const signed = await new AwsV4Signer({
      method: request.method ?? "GET",
      url: this.#url(request),
      headers,
      ...(typeof body === "string" ? { body } : {}),
      service,
      region: this.region,
      ...this.#credentials,
      // Of all headers, so that nothing on the way changes metadata or conditions.
      allHeaders: true,
    }).sign();
    return { method: signed.method, url: signed.url.href, headers: signed.headers };
  }

  /** The answer, whatever its status. */
  async exchange(service: ServiceName, request: AwsRequest): Promise<Response> {
    const { method, url, headers } = await this.sign(service, request);
    try {
      return await fetch(url, {
        method,
        headers,
        body: request.body ?? null,
        // Otherwise the browser itself asks for a password when it sees 401.
        credentials: "omit",
        // On a request that stores something, a header of this would be kept with the object.
        cache: method === "GET" || method === "HEAD" ? "no-store" : "default",
        redirect: "error",
        signal: request.signal ?? null,
      });
    } catch (error) {
      if (request.signal?.aborted) throw request.signal.reason;
      throw new AwsError({ code: "NetworkError", message: String(error), status: 0 });
    }
  }

  /** The answer if it is a success. */
  async send(service: ServiceName, request: AwsRequest): Promise<Response> {
    const response = await this.exchange(service, request);
    if (!response.ok) throw await errorOf(response);
    return response;
  }

  /** An answer of S3 that is a success. */
  async s3(request: AwsRequest): Promise<Response> {
    return this.send("s3", request);
  }

  /** The root element of S3's answer. */
  async s3Xml(request: AwsRequest): Promise<Element> {
    const text = await (await this.s3(request)).text();
    const root = parseXml(text);
    // CompleteMultipartUpload and CopyObject may find out that they fail after their status is sent.
    if (root.localName === "Error") throw await errorOf(new Response(text, { status: 500 }));
    return root;
  }

  /** An action of IAM, STS or SNS by the query protocol; returns its `<ActionResult>`, or null if it has none. */
  async query(
    service: keyof typeof VERSIONS,
    action: string,
    parameters: Record<string, string> = {},
  ): Promise<Element | null> {
    const form = new URLSearchParams({ Action: action, Version: VERSIONS[service], ...parameters });
    const headers = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
    const response = await this.send(service, { method: "POST", path: "/", headers, body: form.toString() });
    return at(parseXml(await response.text()), `${action}Result`);
  }

  /** All members of the list `name` of an action, page by page. */
  async queryAll(
    service: keyof typeof NEXT,
    action: string,
    name: string,
    parameters: Record<string, string> = {},
  ): Promise<Element[]> {
    const found: Element[] = [];
    let next = "";
    do {
      const page = await this.query(
        service,
        action,
        next === "" ? parameters : { ...parameters, [NEXT[service]]: next },
      );
      found.push(...members(page, name));
      next = textAt(page, NEXT[service]);
    } while (next !== "");
    return found;
  }

  /** An action by AWS JSON: `json("sqs", "AmazonSQS.ListQueues", {})`. */
  async json<T>(service: ServiceName, target: string, body: unknown): Promise<T> {
    const version = service === "sqs" ? "1.0" : "1.1";
    const headers = { "content-type": `application/x-amz-json-${version}`, "x-amz-target": target };
    const response = await this.send(service, { method: "POST", path: "/", headers, body: JSON.stringify(body) });
    return (await response.json()) as T;
  }

  /** A page of Sherd's own, below `/-/`. */
  async own<T>(request: AwsRequest): Promise<T> {
    const headers = { accept: "application/json", "x-sherd-confirm": "console", ...request.headers };
    const response = await this.send("sherd", { ...request, headers });
    return (await response.json()) as T;
  }

  /** A URL that works without a key until it expires: at most seven days. */
  async presign(request: AwsRequest & { expiresSeconds: number }): Promise<string> {
    const url = new URL(this.#url(request));
    url.searchParams.set("X-Amz-Expires", String(request.expiresSeconds));
    const { url: signed } = await new AwsV4Signer({
      method: request.method ?? "GET",
      url: url.href,
      service: "s3",
      region: this.region,
      signQuery: true,
      ...this.#credentials,
    }).sign();
    // The form encoding of spaces is not the one that is signed.
    return signed.href.replaceAll("+", "%20");
  }

  #url({ path, query = {} }: AwsRequest): string {
    const pairs = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
    const text = pairs.map(([name = "", value = ""]) => `${encode(name)}=${encode(value)}`).join("&");
    return `${this.origin}${path}${text === "" ? "" : `?${text}`}`;
  }
}

export async function sha256Hex(bytes: Uint8Array<ArrayBuffer> | ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
