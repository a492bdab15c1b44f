import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Authenticator } from "../../../../src/auth/authenticator.ts";
import { rootRing } from "../../../../src/auth/keys/ring.ts";
import { rootKey } from "../../../../src/auth/keys/root-key.ts";
import { CLIENT_PATIENCE } from "../../../../src/edge/client-patience.ts";
import { parseDefaultRates, RateLimiter } from "../../../../src/edge/rate-limiter.ts";
import { RequestMetrics } from "../../../../src/edge/request-metrics.ts";
import { serve } from "../../../../src/edge/serve.ts";
import type { AccessLog } from "../../../../src/logging/access-log.ts";
import type { AccessRecord } from "../../../../src/logging/line.ts";
import { websiteService } from "../../../../src/services/s3/website/service.ts";
import { deafEvents } from "../../../support/events.ts";
import { rootVariables } from "../../../support/people.ts";
import { s3App } from "../../../support/s3-app.ts";
import { signRequest } from "../../../support/signer.ts";
import { openTestStore, type TestStore } from "../../../support/store.ts";

const key = { accessKeyId: rootVariables.SHERD_ACCESS_KEY_ID, secret: rootVariables.SHERD_SECRET_ACCESS_KEY };
let rig: TestStore;
/** Each test has a bucket of its own, which stands for `site` in what it asks. */
let bucketName = "site";
let HOST = "";
let count = 0;
/** What became of each request to a website. */
let logged: AccessRecord[] = [];

beforeAll(async () => {
  rig = await openTestStore();
  return () => rig.dispose();
});
beforeEach(async () => {
  logged = [];
  count += 1;
  bucketName = `site-${count}`;
  HOST = `${bucketName}.website.test:9000`;
  const made = await s3("PUT", "/site");
  expect([made.status, await made.text()]).toEqual([200, ""]);
});

const named = (path: string) => path.replace(/^\/site(?=[/?]|$)/, `/${bucketName}`);

async function s3(method: string, path: string, body = "", headers: Record<string, string> = {}): Promise<Response> {
  const url = `http://s3.test${named(path)}`;
  const source = headers["x-amz-copy-source"];
  if (source !== undefined) headers["x-amz-copy-source"] = named(source);
  const parts = signRequest({ method, url, headers, body, ...key, service: "s3", nowMs: rig.store.clock.now() });
  // Node's Request says nothing of the length by itself.
  const sent = { ...parts.headers, "content-length": String(Buffer.byteLength(body)) };
  return s3App(rig.store, key)(new Request(url, { method, headers: sent, ...(method === "PUT" && { body }) }));
}

/** Asks a website, and follows nothing. */
async function site(
  path: string,
  init: RequestInit & { host?: string; tlsVersion?: string; limiter?: RateLimiter } = {},
): Promise<Response> {
  const { host = HOST, tlsVersion, limiter, ...rest } = init;
  const log = { info: () => {}, error: () => {} };
  const accessLog = {
    mayWant: () => true,
    record: (_, record) => void logged.push(record),
  } as Pick<AccessLog, "mayWant" | "record"> as AccessLog;
  const parts = { store: rig.store, baseDomains: [], log, events: deafEvents(rig.store), accessLog };
  const hosts = { domains: ["website.test"], customHosts: ["www.example.org"] };
  const { clock, random } = rig.store;
  const edge = {
    services: [websiteService(parts, hosts)] as const,
    authenticator: new Authenticator(rootRing(rootKey(key.accessKeyId, key.secret))),
    patience: CLIENT_PATIENCE,
    clientAddress: { from: "connection" } as const,
    logRequests: null,
    metrics: new RequestMetrics(),
    ...{ clock, random, log, ...(limiter && { limiter }) },
  };
  const request = new Request(`http://${host}${path}`, rest);
  // Node knows nothing of the connection.
  const cf = tlsVersion === undefined ? {} : { cf: { tlsVersion } };
  const ends: Promise<unknown>[] = [];
  const answer = await serve(Object.assign(request, cf), edge, { waitUntil: (work) => void ends.push(work) });
  const copy = answer.clone();
  await copy.arrayBuffer();
  await Promise.all(ends);
  return answer;
}

const configure = (content: string, bucket = "site") =>
  s3(
    "PUT",
    `/${bucket}?website`,
    `<WebsiteConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</WebsiteConfiguration>`,
  );
const INDEX = "<IndexDocument><Suffix>index.html</Suffix></IndexDocument>";
const ERRORS = "<ErrorDocument><Key>error.html</Key></ErrorDocument>";
const rules = (...each: string[]) =>
  `<RoutingRules>${each.map((one) => `<RoutingRule>${one}</RoutingRule>`).join("")}</RoutingRules>`;

/** Everybody may read the bucket's objects; with `list`, everybody may also learn that there is none. */
async function open(bucket = "site", list = true): Promise<void> {
  await s3("DELETE", `/${bucket}?publicAccessBlock`);
  const allow = (Action: string, Resource: string) => ({ Effect: "Allow", Principal: "*", Action, Resource });
  const arn = `arn:aws:s3:::${bucket === "site" ? bucketName : bucket}`;
  const Statement = [allow("s3:GetObject", `${arn}/*`)];
  if (list) Statement.push(allow("s3:ListBucket", arn));
  expect((await s3("PUT", `/${bucket}?policy`, JSON.stringify({ Version: "2012-10-17", Statement }))).status).toBe(204);
}

async function fill(objects: Record<string, string>): Promise<void> {
  for (const [path, body] of Object.entries(objects)) {
    const type = path.endsWith(".html") ? "text/html" : "text/plain";
    const headers = { "content-type": type, "cache-control": "max-age=60" };
    expect((await s3("PUT", `/site/${path}`, body, headers)).status).toBe(200);
  }
}

const where = (response: Response) => [response.status, response.headers.get("location")];

describe("pages", () => {
  beforeEach(async () => {
    await configure(INDEX + ERRORS);
    await open();
    await fill({
      "index.html": "<h1>home</h1>",
      "blog/index.html": "<h1>blog</h1>",
      "a.txt": "0123456789",
      "error.html": "<h1>oops</h1>",
    });
  });

  it("are objects, with their headers, and index documents of folders", async () => {
    const home = await site("/");
    expect([home.status, await home.text()]).toEqual([200, "<h1>home</h1>"]);
    expect(home.headers.get("content-type")).toBe("text/html");
    expect(home.headers.get("cache-control")).toBe("max-age=60");
    expect(home.headers.get("content-security-policy")).toBeNull();
    expect(await (await site("/blog/")).text()).toBe("<h1>blog</h1>");
    expect(where(await site("/blog"))).toEqual([302, `http://${HOST}/blog/`]);
    expect(await (await site("/a.txt?x=1&uploads")).text()).toBe("0123456789");
  });

  it("come whole, in ranges, by HEAD and under conditions", async () => {
    const range = await site("/a.txt", { headers: { range: "bytes=2-4" } });
    expect([range.status, range.headers.get("content-range"), await range.text()]).toEqual([
      206,
      "bytes 2-4/10",
      "234",
    ]);
    const head = await site("/a.txt", { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "10", ""]);
    const etag = head.headers.get("etag") as string;
    expect((await site("/a.txt", { headers: { "if-none-match": etag } })).status).toBe(304);
    expect((await site("/a.txt", { headers: { "if-match": '"other"' } })).status).toBe(412);
    expect((await site("/a.txt", { headers: { range: "bytes=99-" } })).status).toBe(416);
  });

  it("are logged under their bucket", async () => {
    await site("/a.txt", { headers: { range: "bytes=2-4" } });
    await site("/not+there");
    expect(logged).toMatchObject([
      { bucket: bucketName, key: "a.txt", operation: "WEBSITE.GET.OBJECT", status: 206, objectBytes: 10, error: null },
      { bucket: bucketName, key: "not there", operation: "WEBSITE.GET.OBJECT", status: 404, error: "NoSuchKey" },
    ]);
    expect(logged.map(({ requester }) => requester)).toEqual([null, null]);
  });

  it("cost two round trips; what is not there costs a look for its folder, and the error document", async () => {
    for (const [path, status, roundTrips] of [
      ["/a.txt", 200, 2],
      ["/blog/", 200, 2],
      ["/blog", 302, 3],
      ["/nothing", 404, 4],
      ["/nothing/", 404, 3],
    ] as const) {
      rig.takeCost();
      expect([path, (await site(path)).status, rig.takeCost().roundTrips]).toEqual([path, status, roundTrips]);
    }
  });

  it("count for the account that owns the bucket, each once and whatever is answered", async () => {
    const limiter = new RateLimiter(rig.store.clock, parseDefaultRates('{"account": {"requestsPerSecond": 2}}'));
    const answers = [
      await site("/nothing", { limiter }),
      await site("/blog", { limiter }),
      await site("/", { limiter }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 302, 503]);
    expect([answers[2]?.headers.get("x-amz-error-code"), answers[2]?.headers.get("retry-after")]).toEqual([
      "SlowDown",
      "1",
    ]);
  });

  it("that are not there have the error document, with the status of the error", async () => {
    for (const method of ["GET", "HEAD"]) {
      const missing = await site("/nothing", { method });
      expect([missing.status, missing.headers.get("content-type"), missing.headers.get("x-amz-error-code")]).toEqual([
        404,
        "text/html",
        "NoSuchKey",
      ]);
      expect(await missing.text()).toBe(method === "HEAD" ? "" : "<h1>oops</h1>");
    }
    expect((await site("/nothing", { headers: { range: "bytes=0-1", "if-none-match": "*" } })).status).toBe(404);
  });

  it("are read and never written", async () => {
    for (const method of ["PUT", "POST", "DELETE", "PATCH"]) {
      const refused = await site("/a.txt", { method, ...(method !== "DELETE" && { body: "x" }) });
      expect([refused.status, refused.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
      expect(await refused.text()).toContain("<li>Code: MethodNotAllowed</li>");
    }
    // Nor by a form that AssumeRoleWithWebIdentity would be.
    const form = {
      method: "POST",
      body: "Action=ListUsers",
      headers: { "content-type": "application/x-www-form-urlencoded" },
    };
    expect((await site("/", form)).status).toBe(405);
    expect(await (await s3("GET", "/site/a.txt")).text()).toBe("0123456789");
  });

  it("nothing of the server's own, nor of its APIs, is on a website's host", async () => {
    for (const path of [
      "/-/health",
      "/-/metrics",
      "/-/console",
      "/?website",
      "/?list-type=2",
      "/?Action=ListUsers&Version=2010-05-08",
    ]) {
      const answer = await site(path);
      expect([path, answer.headers.get("content-type")]).toEqual([path, "text/html"]);
      expect(await answer.text()).toBe(path.startsWith("/-") ? "<h1>oops</h1>" : "<h1>home</h1>");
    }
  });

  it("a folder's redirect cannot be made to lead elsewhere", async () => {
    await s3("PUT", "/site/%2Fevil.example/index.html", "x");
    expect(where(await site("//evil.example"))).toEqual([302, `http://${HOST}//evil.example/`]);
  });
});

describe("who may read", () => {
  it("only what everybody may: a signature changes nothing", async () => {
    await configure(INDEX);
    await fill({ "index.html": "secret" });
    const url = `http://${HOST}/index.html`;
    const signed = signRequest({ method: "GET", url, ...key, service: "s3", nowMs: rig.store.clock.now() }).headers;
    for (const headers of [{}, signed]) {
      const refused = await site("/index.html", { headers });
      expect(refused.status).toBe(403);
      expect(await refused.text()).toMatch(/<title>403 Forbidden<\/title>[\s\S]*<li>Code: AccessDenied<\/li>/);
    }
    const presigned = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=x&X-Amz-Signature=y";
    expect((await site(`/index.html?${presigned}`)).status).toBe(403);
  });

  it("nobody whose TLS is older than a policy demands", async () => {
    await configure(INDEX);
    await fill({ "index.html": "new" });
    const about = { Principal: "*", Action: "s3:GetObject", Resource: `arn:aws:s3:::${bucketName}/*` };
    const Condition = { NumericLessThan: { "s3:TlsVersion": "1.2" } };
    const Statement = [
      { ...about, Effect: "Allow" },
      { ...about, Effect: "Deny", Condition },
    ];
    await s3("DELETE", "/site?publicAccessBlock");
    await s3("PUT", "/site?policy", JSON.stringify({ Version: "2012-10-17", Statement }));
    expect((await site("/", { tlsVersion: "TLSv1.2" })).status).toBe(200);
    expect((await site("/", { tlsVersion: "TLSv1.1" })).status).toBe(403);
  });

  it("that a page is not there is for those to know who may list: 403, otherwise 404", async () => {
    await configure(INDEX);
    await fill({ "folder/index.html": "x" });
    await open("site", false);
    expect((await site("/nothing")).status).toBe(403);
    expect(where(await site("/folder"))).toEqual([302, `http://${HOST}/folder/`]);
    await open("site", true);
    expect((await site("/nothing")).status).toBe(404);
  });

  it("an error document that nobody may read leaves the plain page, which says so", async () => {
    await configure(INDEX + ERRORS);
    const page = await site("/<script>");
    expect(page.status).toBe(403);
    const html = await page.text();
    expect(html).toContain("The error document of this website could not be shown");
    expect(html).not.toContain("<script>");
  });

  it("buckets that are no website, or not there", async () => {
    const answers = await Promise.all([
      site("/"),
      site("/", { host: "nowhere.website.test" }),
      site("/", { host: "website.test" }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 400]);
    expect(await answers[0]?.text()).toContain("NoSuchWebsiteConfiguration");
    expect(await answers[1]?.text()).toContain("NoSuchBucket");
  });
});

describe("redirects", () => {
  it("of all requests keep path and query", async () => {
    await configure(
      "<RedirectAllRequestsTo><HostName>example.org</HostName><Protocol>https</Protocol></RedirectAllRequestsTo>",
    );
    expect(where(await site("/a%20b/c?d=e"))).toEqual([301, "https://example.org/a%20b/c?d=e"]);
  });

  it("of an object", async () => {
    await configure(INDEX);
    await open();
    await s3("PUT", "/site/old", "x", { "x-amz-website-redirect-location": "/new" });
    await s3("PUT", "/site/out", "x", { "x-amz-website-redirect-location": "https://example.org/x" });
    expect(where(await site("/old"))).toEqual([301, `http://${HOST}/new`]);
    expect(where(await site("/out", { method: "HEAD" }))).toEqual([301, "https://example.org/x"]);
    expect((await s3("GET", "/site/old")).headers.get("x-amz-website-redirect-location")).toBe("/new");
    // A copy has its own, or none.
    await s3("PUT", "/site/copy", "", { "x-amz-copy-source": "/site/old" });
    expect((await site("/copy")).status).toBe(200);
    const location = { "x-amz-copy-source": "/site/old", "x-amz-website-redirect-location": "/other" };
    await s3("PUT", "/site/copy", "", location);
    expect(where(await site("/copy"))).toEqual([301, `http://${HOST}/other`]);
    for (const wrong of ["x", "ftp://x/", `/${"x".repeat(2048)}`]) {
      const refused = await s3("PUT", "/site/wrong", "x", { "x-amz-website-redirect-location": wrong });
      expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining("InvalidRedirectLocation")]);
    }
  });

  it("by rules, before the object is looked up and after an error", async () => {
    const before =
      "<Condition><KeyPrefixEquals>docs/</KeyPrefixEquals></Condition><Redirect><ReplaceKeyPrefixWith>documents/</ReplaceKeyPrefixWith></Redirect>";
    const after = `<Condition><HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals></Condition>
      <Redirect><HostName>old.example.org</HostName><ReplaceKeyWith>lost and found.html</ReplaceKeyWith><HttpRedirectCode>307</HttpRedirectCode><Protocol>https</Protocol></Redirect>`;
    await configure(INDEX + rules(before, after));
    await open();
    await fill({ "docs/a.txt": "x", "b.txt": "there" });
    expect(where(await site("/docs/a.txt"))).toEqual([301, `http://${HOST}/documents/a.txt`]);
    expect(where(await site("/none"))).toEqual([307, "https://old.example.org/lost%20and%20found.html"]);
    expect((await site("/b.txt")).status).toBe(200);
  });
});

describe("other hosts and origins", () => {
  it("a custom host is the bucket of that name", async () => {
    await s3("PUT", "/www.example.org");
    await configure(INDEX, "www.example.org");
    await open("www.example.org");
    await s3("PUT", "/www.example.org/index.html", "mine");
    expect(await (await site("/", { host: "www.example.org" })).text()).toBe("mine");
  });

  it("CORS rules hold on websites", async () => {
    await configure(INDEX);
    await open();
    await fill({ "a.txt": "x" });
    const rule =
      "<CORSRule><AllowedOrigin>https://a.example</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>";
    await s3("PUT", "/site?cors", `<CORSConfiguration>${rule}</CORSConfiguration>`);
    const allowed = await site("/a.txt", { headers: { origin: "https://a.example" } });
    expect(allowed.headers.get("access-control-allow-origin")).toBe("https://a.example");
    const preflight = { origin: "https://a.example", "access-control-request-method": "GET" };
    expect((await site("/a.txt", { method: "OPTIONS", headers: preflight })).status).toBe(200);
  });
});

describe("the configuration", () => {
  it("is read as it was put, and taken away", async () => {
    const rule =
      "<Condition><KeyPrefixEquals>a</KeyPrefixEquals></Condition><Redirect><ReplaceKeyWith>b</ReplaceKeyWith></Redirect>";
    expect((await configure(INDEX + ERRORS + rules(rule))).status).toBe(200);
    const read = await (await s3("GET", "/site?website")).text();
    expect(read).toContain(INDEX + ERRORS + rules(rule));
    expect((await s3("DELETE", "/site?website")).status).toBe(204);
    expect((await s3("GET", "/site?website")).status).toBe(404);
  });

  const redirect = (content: string) => INDEX + rules(`<Redirect>${content}</Redirect>`);
  const condition = (content: string) =>
    INDEX + rules(`<Condition>${content}</Condition><Redirect><ReplaceKeyWith>b</ReplaceKeyWith></Redirect>`);
  it.each([
    ["InvalidArgument", ""],
    ["InvalidArgument", "<IndexDocument><Suffix>a/b</Suffix></IndexDocument>"],
    ["InvalidArgument", "<IndexDocument><Suffix></Suffix></IndexDocument>"],
    ["InvalidArgument", `${INDEX}<ErrorDocument><Key></Key></ErrorDocument>`],
    ["InvalidRequest", `${INDEX}<RedirectAllRequestsTo><HostName>x.org</HostName></RedirectAllRequestsTo>`],
    ["InvalidRequest", "<RedirectAllRequestsTo><HostName>x.org/y</HostName></RedirectAllRequestsTo>"],
    [
      "InvalidRequest",
      "<RedirectAllRequestsTo><HostName>x.org</HostName><Protocol>ftp</Protocol></RedirectAllRequestsTo>",
    ],
    ["MalformedXML", "<RedirectAllRequestsTo><Protocol>http</Protocol></RedirectAllRequestsTo>"],
    ["MalformedXML", `${INDEX}<Nonsense/>`],
    ["MalformedXML", `${INDEX}<RoutingRules></RoutingRules>`],
    ["InvalidRequest", redirect("")],
    ["InvalidRequest", redirect("<ReplaceKeyWith>a</ReplaceKeyWith><ReplaceKeyPrefixWith>b</ReplaceKeyPrefixWith>")],
    ["InvalidRequest", redirect("<HttpRedirectCode>300</HttpRedirectCode>")],
    ["InvalidRequest", redirect("<HttpRedirectCode>200</HttpRedirectCode>")],
    ["InvalidRequest", condition("")],
    ["InvalidRequest", condition("<HttpErrorCodeReturnedEquals>302</HttpErrorCodeReturnedEquals>")],
    [
      "InvalidRequest",
      INDEX + rules(...Array.from({ length: 51 }, () => "<Redirect><ReplaceKeyWith>b</ReplaceKeyWith></Redirect>")),
    ],
  ])("%s: %s", async (code, content) => {
    const refused = await configure(content);
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining(`<Code>${code}</Code>`)]);
    expect((await s3("GET", "/site?website")).status).toBe(404);
  });
});
