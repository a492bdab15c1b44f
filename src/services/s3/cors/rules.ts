/**
 * One rule of a bucket's CORS configuration, with the names of AWS's CORSRule. It is stored in this
 * form.
 */
export interface CorsRule {
  readonly id?: string;
  /** At most one `*` in each. */
  readonly allowedOrigins: readonly string[];
  readonly allowedMethods: readonly string[];
  /** At most one `*` in each; letters of any case. */
  readonly allowedHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly maxAgeSeconds?: number;
}

/**
 * The browser's description of a request to another origin, in the request itself or in the
 * preflight before it.
 */
export interface CrossOriginRequest {
  /** As sent: `https://example.org`, `null`. */
  readonly origin: string;
  readonly method: string;
  /** Access-Control-Request-Headers, in lower case. */
  readonly headers: readonly string[];
}

/**
 * The first rule that allows the request, or undefined: origin, method and every header must be
 * among those of one rule (S3 User Guide, "Using cross-origin resource sharing"). Comparison is
 * case-sensitive for origins, and not for header names.
 */
export function matchRule(rules: readonly CorsRule[], request: CrossOriginRequest): CorsRule | undefined {
  return rules.find(
    (rule) =>
      rule.allowedMethods.includes(request.method) &&
      rule.allowedOrigins.some((pattern) => matches(pattern, request.origin)) &&
      request.headers.every((header) => rule.allowedHeaders.some((pattern) => matches(pattern.toLowerCase(), header))),
  );
}

/** True if `text` matches `pattern`; its only `*` stands for any characters, or none. */
function matches(pattern: string, text: string): boolean {
  const star = pattern.indexOf("*");
  if (star < 0) return pattern === text;
  const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return text.length >= before.length + after.length && text.startsWith(before) && text.endsWith(after);
}

/** The headers that tell a browser what `rule` allows; the rule allows `request`. */
export function corsHeaders(rule: CorsRule, request: CrossOriginRequest): Record<string, string> {
  // A rule for `*` means no origin in particular, so credentials are not allowed.
  const anyOrigin = rule.allowedOrigins.includes("*");
  const { exposeHeaders, maxAgeSeconds } = rule;
  return {
    "Access-Control-Allow-Origin": anyOrigin ? "*" : request.origin,
    ...(anyOrigin ? {} : { "Access-Control-Allow-Credentials": "true" }),
    "Access-Control-Allow-Methods": rule.allowedMethods.join(", "),
    ...(request.headers.length === 0 ? {} : { "Access-Control-Allow-Headers": request.headers.join(", ") }),
    ...(exposeHeaders.length === 0 ? {} : { "Access-Control-Expose-Headers": exposeHeaders.join(", ") }),
    ...(maxAgeSeconds === undefined ? {} : { "Access-Control-Max-Age": String(maxAgeSeconds) }),
    ...varyHeader,
  };
}

/**
 * The headers on which answers of a bucket with rules depend, whether or not a rule allows the
 * request.
 */
export const varyHeader = { Vary: "Origin, Access-Control-Request-Headers, Access-Control-Request-Method" };

/** The request as its headers describe it, or null if it does not come from a page. */
export function crossOriginRequest(headers: Headers, method: string): CrossOriginRequest | null {
  const origin = headers.get("Origin");
  if (origin === null || origin === "") return null;
  const names = (headers.get("Access-Control-Request-Headers") ?? "").split(",");
  return {
    origin,
    // S3 reads both headers in requests of every method, not only in preflights.
    method: headers.get("Access-Control-Request-Method") ?? method,
    headers: names.map((name) => name.trim().toLowerCase()).filter((name) => name !== ""),
  };
}
