import { claimedScope } from "../auth/sigv4/claimed-scope.ts";
import type { RawUrl } from "./raw-url.ts";
import type { ExchangeHead, Service } from "./service.ts";
import { FORM_BYTES_MAX, readWhole } from "./whole-body.ts";

/** Which service a request is for, and its body if that had to be read to find out. */
export interface Chosen {
  readonly service: Service;
  readonly body: Uint8Array | null;
  /** The request's headers by lower-case name, read out of the runtime once. */
  readonly headers: ReadonlyMap<string, string>;
}

/**
 * Finds the service: by the name in the credential scope of a signed request, otherwise by what the request is. A POST to `/` with
 * a form in it is read, because the form may name an action (`AssumeRoleWithWebIdentity` is signed by nobody). Whatever no service
 * claims is the first one's, which also says what is wrong with a scope that nobody has.
 */
export async function chooseService(
  services: readonly [Service, ...Service[]],
  about: Pick<ExchangeHead, "request" | "url" | "pieces">,
): Promise<Chosen> {
  const { request, url } = about;
  const headers = new Map(request.headers);
  const scope = claimedScope({ headers, rawQuery: url.rawQuery });
  const [first] = services;
  if (scope !== null) {
    return { service: services.find(({ signing }) => signing.scopes.includes(scope)) ?? first, body: null, headers };
  }
  const claimant = (form: Uint8Array | null) => services.find((service) => service.claims?.(request, form)) ?? first;
  // Only services with JSON documents have this header, and it says all.
  if (request.method === "POST" && headers.has("x-amz-target")) return { service: claimant(null), body: null, headers };
  if (!mayNameAction(request, url) || first.bucketOfHost?.(url.hostname) != null)
    return { service: first, body: null, headers };
  const body = await readWhole(about, FORM_BYTES_MAX);
  return { service: claimant(body), body, headers };
}

/**
 * No operation of S3 has a form of this type at `/`, so reading it takes nothing from S3. Nor at the path of a queue: its first part would
 * have to be a bucket, and of its keys S3 takes no POST without a query.
 */
function mayNameAction({ method, headers }: Request, { rawPath, rawQuery }: RawUrl): boolean {
  const isQueue = /^\/\d{12}\/[\w-]+(\.fifo)?\/?$/.test(rawPath);
  if (rawPath !== "/" && !(isQueue && (method === "GET" || rawQuery === ""))) return false;
  if (method === "GET") return /(^|&)Action=/.test(rawQuery);
  return method === "POST" && /^application\/x-www-form-urlencoded\b/i.test(headers.get("content-type") ?? "");
}
