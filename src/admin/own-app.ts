import { Hono } from "hono";
import { cutUrl } from "../edge/raw-url.ts";
import { listBuckets } from "../store/buckets/buckets.ts";
import type { StoreContext } from "../store/context.ts";
import { StoreError } from "../store/failure.ts";
import { requireSpace } from "../store/placement/require-space.ts";
import { CONSOLE_PATH, type ConsoleParts, serveConsole } from "./console-files.ts";
import { type OwnDoor, type OwnPage, PROTECTION, serveOwnPage } from "./serve-page.ts";

/** Paths below this one are the server's own: no bucket can be named so. */
const OWN_PATHS = "/-/";

/** Whether a request is for an own page. Where the host names a bucket, `/-/…` is a key like any other. */
export function isOwnPath(url: string, bucketOfHost: (hostname: string) => string | null): boolean {
  const { hostname, rawPath } = cutUrl(url);
  return rawPath.startsWith(OWN_PATHS) && bucketOfHost(hostname) === null;
}

/** Everything below `/-/`: health and the console for everybody, pages for those who may. `pages` by name. */
export function createOwnApp(
  store: StoreContext,
  pages: ReadonlyMap<string, readonly OwnPage[]>,
  door: OwnDoor,
  consoleParts: ConsoleParts = { files: undefined, providers: [] },
): Hono {
  // The paths are matched as they arrived.
  const app = new Hono({ getPath: (request) => cutUrl(request.url).rawPath });
  // Pages and the console have these headers by themselves; health and refusals get them here.
  app.use("*", async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(PROTECTION)) {
      if (!context.res.headers.has(name)) context.header(name, value);
    }
  });
  app.get(`${OWN_PATHS}health`, async (context) => {
    if (!(await answersMetadata(store))) return context.json({ status: "metadata unavailable" }, 503);
    return context.json({ status: (await takesWrites(store)) ? "ok" : "no space: writes are refused" });
  });
  // Whoever verifies a message of a topic has no key of this server.
  app.get(`${OWN_PATHS}sns/:name`, async (context) => {
    const [, id = ""] = /^SimpleNotificationService-([0-9a-f]{32})\.pem$/.exec(context.req.param("name")) ?? [];
    const certificate = id === "" ? null : await store.metadata.topics.certificates.find(id);
    if (certificate === null) return context.json({ error: "not found" }, 404);
    return context.body(certificate, 200, { "content-type": "application/x-pem-file" });
  });
  app.use("*", async (context, next) => (isOfAnotherSite(context.req.raw) ? context.json(REFUSED, 403) : next()));
  app.all(CONSOLE_PATH, (context) => serveConsole(context.req.raw, consoleParts));
  app.all(`${CONSOLE_PATH}/*`, (context) => serveConsole(context.req.raw, consoleParts));
  for (const [name, ways] of pages) {
    for (const page of ways) {
      app.on(page.method, OWN_PATHS + name, ({ req }) =>
        serveOwnPage({ request: req.raw, path: req.param() }, page, door),
      );
    }
  }
  app.all("*", (context) => context.json({ error: "not found" }, 404));
  return app;
}

const REFUSED = { error: "a page of another site may not ask for this" };

/**
 * True if a browser says that a page of another origin makes the request (Fetch Metadata Request Headers, "Sec-Fetch-Site"): it
 * may send along what it knows of the caller's key. To follow a link to a page is the reader's own doing.
 */
function isOfAnotherSite({ method, headers }: Request): boolean {
  const site = headers.get("sec-fetch-site") ?? "none";
  if (site === "none" || site === "same-origin") return false;
  const isLink = headers.get("sec-fetch-mode") === "navigate" && headers.get("sec-fetch-dest") === "document";
  return !(method === "GET" && isLink);
}

/** Whether there is space for metadata, and for blobs in the geometry of STANDARD. */
async function takesWrites(store: StoreContext): Promise<boolean> {
  const geometry = store.settings.storageClasses.STANDARD;
  try {
    await requireSpace(store, geometry ? { sizeBytes: 0, geometry, class: "large" } : null);
    return true;
  } catch (error) {
    if (error instanceof StoreError) return false;
    throw error;
  }
}

async function answersMetadata(store: StoreContext): Promise<boolean> {
  try {
    await listBuckets(store, { owner: "", prefix: "", after: "", limit: 1 });
    return true;
  } catch (error) {
    if (error instanceof StoreError) return false;
    throw error;
  }
}
