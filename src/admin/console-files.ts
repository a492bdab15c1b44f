import { cutUrl } from "../edge/raw-url.ts";
import { readSignInProviders, type SignInProvider, signInDocument, signInOrigins } from "./console-sign-in.ts";

/** Where the console's built files are: a disk service of workerd under `npm start`, static assets on Cloudflare. */
export interface ConsoleFiles {
  fetch(url: string): Promise<Response>;
}

/** The binding of it; absent: there is no console. */
export interface ConsoleBinding {
  CONSOLE?: ConsoleFiles;
  SHERD_CONSOLE_OIDC?: string;
}

/** What the console is served from. */
export interface ConsoleParts {
  /** Undefined: it is not part of this deployment. */
  readonly files: ConsoleFiles | undefined;
  readonly providers: readonly SignInProvider[];
}

/** Throws an `Error` that says what to mend in the variables. */
export function openConsole({ CONSOLE: files, SHERD_CONSOLE_OIDC }: ConsoleBinding): ConsoleParts {
  return { files, providers: readSignInProviders(SHERD_CONSOLE_OIDC) };
}

/** Path of the console. */
export const CONSOLE_PATH = "/-/console";

/** Files by the ending of their names. Nothing else is served. */
const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** `index.html`, `sw.js`, `icon.svg`, or below `assets/` a file whose name carries the hash of its contents. */
const FILE = /^(?:assets\/)?[A-Za-z0-9_-][A-Za-z0-9_.-]*\.([a-z]+)$/;
const SIGN_IN = "sign-in.json";
/** A file below `assets/` never changes. */
const HASHED_MAX_AGE_SECONDS = 31_536_000;

/**
 * Answers a request below `/-/console` from the console's built files, with the headers of `consoleProtection`. The build keeps a gzip of
 * each file beside it. Names are matched as they arrive, so no path leads out of the folder. `sign-in.json` is no file: it tells everybody
 * by which OpenID Connect providers people sign in.
 */
export async function serveConsole(request: Request, { files, providers }: ConsoleParts): Promise<Response> {
  const { rawPath, rawQuery } = cutUrl(request.url);
  const headers = consoleProtection(new URL(request.url).host, signInOrigins(providers));
  if (request.method !== "GET" && request.method !== "HEAD") {
    return new Response("only GET and HEAD\n", { status: 405, headers: { ...headers, Allow: "GET, HEAD" } });
  }
  if (rawPath === CONSOLE_PATH) {
    const query = rawQuery === "" ? "" : `?${rawQuery}`;
    return new Response(null, { status: 308, headers: { ...headers, Location: `${CONSOLE_PATH}/${query}` } });
  }
  const name = rawPath.slice(CONSOLE_PATH.length + 1) || "index.html";
  if (name === SIGN_IN) {
    const told = { ...headers, "Content-Type": "application/json", "Cache-Control": "no-cache" };
    return new Response(request.method === "HEAD" ? null : signInDocument(providers), { headers: told });
  }
  const type = TYPES[FILE.exec(name)?.[1] ?? ""];
  const found = type === undefined || files === undefined ? null : await findFile(files, name, request.headers);
  if (type === undefined || found === null) {
    const text = files === undefined ? "the console is not part of this deployment\n" : "there is no such file\n";
    return new Response(text, { status: 404, headers: { ...headers, "Content-Type": "text/plain; charset=utf-8" } });
  }
  const isHead = request.method === "HEAD";
  if (isHead) await found.body?.cancel();
  const isHashed = name.startsWith("assets/");
  return new Response(isHead ? null : found.body, {
    headers: {
      ...headers,
      "Content-Type": type,
      "Cache-Control": isHashed ? `public, max-age=${HASHED_MAX_AGE_SECONDS}, immutable` : "no-cache",
      Vary: "Accept-Encoding",
      ...(found.isGzip ? { "Content-Encoding": "gzip" } : {}),
    },
    encodeBody: found.isGzip ? "manual" : "automatic",
  });
}

async function findFile(
  files: ConsoleFiles,
  name: string,
  headers: Headers,
): Promise<{ body: ReadableStream | null; isGzip: boolean } | null> {
  const isGzip = /\bgzip\b/.test(headers.get("accept-encoding") ?? "");
  const answer = await files.fetch(`http://console/${name}${isGzip ? ".gz" : ""}`);
  if (answer.status !== 200) {
    await answer.body?.cancel();
    return null;
  }
  return { body: answer.body, isGzip };
}

/**
 * Headers of everything below `/-/console`. Scripts come from there alone: an object of the same host is no script of the console's,
 * whatever is in it. Nobody may frame the console, and no page learns where its reader came from.
 *
 * @see https://www.w3.org/TR/CSP3/
 */
function consoleProtection(host: string, origins: readonly string[]): Record<string, string> {
  // A source of the policy cannot hold an IPv6 address.
  const own = host.startsWith("[") ? "'self'" : `${host}${CONSOLE_PATH}/`;
  const policy = [
    "default-src 'none'",
    `script-src ${own}`,
    `worker-src ${own}`,
    `style-src ${own}`,
    "img-src 'self' blob:",
    "media-src 'self'",
    // PDF in the browser's own viewer, and downloads that the service worker makes.
    "frame-src 'self'",
    ["connect-src 'self'", ...origins].join(" "),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    "Content-Security-Policy": policy.join("; "),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
  };
}
