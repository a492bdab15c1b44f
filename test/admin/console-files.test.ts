import { describe, expect, test, vi } from "vitest";
import { serveConsole } from "../../src/admin/console-files.ts";
import { readSignInProviders } from "../../src/admin/console-sign-in.ts";
import { isOwnPath } from "../../src/admin/own-app.ts";

const built: Readonly<Record<string, string>> = {
  "/index.html": "<!doctype html>",
  "/index.html.gz": "gz",
  "/sw.js": "self",
  "/assets/index-Ab_1.js": "script",
};
const files = {
  async fetch(url: string) {
    const body = built[new URL(url).pathname];
    return new Response(body ?? null, { status: body === undefined ? 404 : 200 });
  },
};
const get = (path: string, init: RequestInit = {}, host = "sherd.test:9000") =>
  serveConsole(new Request(`http://${host}${path}`, init), { files, providers: [] });

describe("the console's files", () => {
  test("are served by their names alone, with their types", async () => {
    const page = await get("/-/console/");
    expect([page.status, await page.text()]).toEqual([200, "<!doctype html>"]);
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(page.headers.get("cache-control")).toBe("no-cache");
    const script = await get("/-/console/assets/index-Ab_1.js");
    expect(await script.text()).toBe("script");
    expect(script.headers.get("cache-control")).toContain("immutable");
    for (const path of ["assets/none.js", "index.html.gz", "a/b.js", "assets/", "assets/..js", "x.exe"]) {
      expect([path, (await get(`/-/console/${path}`)).status]).toEqual([path, 404]);
    }
    const bare = await get("/-/console?code=1");
    expect([bare.status, bare.headers.get("location")]).toEqual([308, "/-/console/?code=1"]);
  });

  test("come compressed to whoever can read that", async () => {
    const page = await get("/-/console/", { headers: { "accept-encoding": "gzip, br" } });
    expect([page.headers.get("content-encoding"), await page.text()]).toEqual(["gzip", "gz"]);
  });

  test("are only read", async () => {
    expect((await get("/-/console/", { method: "PUT", body: "x" })).status).toBe(405);
    const head = await get("/-/console/", { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });

  test("are let go of when only their headers are asked for", async () => {
    const cancel = vi.fn();
    const body = new ReadableStream({ cancel });
    const open = { fetch: async () => new Response(body) };
    await serveConsole(new Request("http://sherd.test/-/console/", { method: "HEAD" }), {
      files: open,
      providers: [],
    });
    expect(cancel).toHaveBeenCalledTimes(1);
  });

  test("allow scripts and styles of the console alone, and no frame around them", async () => {
    for (const path of ["/-/console/", "/-/console", "/-/console/none.js", "/-/console/sw.js"]) {
      const { headers } = await get(path);
      const policy = headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'; script-src sherd.test:9000/-/console/;");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|\*/);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
    }
    const address = await get("/-/console/", {}, "[::1]:9000");
    expect(address.headers.get("content-security-policy")).toContain("script-src 'self';");
  });

  test("tell everybody who may sign them in, and let the browser ask those and nobody else", async () => {
    const [provider] = readSignInProviders('[{"issuer":"https://id.example.org/a","clientId":"c"}]');
    const parts = { files, providers: provider ? [provider] : [] };
    const ask = (path: string) => serveConsole(new Request(`http://sherd.test/-/console/${path}`), parts);
    const { headers } = await ask("");
    expect(headers.get("content-security-policy")).toContain("; connect-src 'self' https://id.example.org;");
    const told = await ask("sign-in.json");
    expect(told.headers.get("content-type")).toBe("application/json");
    expect(await told.json()).toEqual({
      providers: [
        { name: "id.example.org", issuer: "https://id.example.org/a", clientId: "c", scope: "openid", roleArns: [] },
      ],
    });
    expect(await (await get("/-/console/sign-in.json")).json()).toEqual({ providers: [] });
  });

  test("are not there where none are built", async () => {
    const answer = await serveConsole(new Request("http://sherd.test/-/console/"), { files: undefined, providers: [] });
    expect(answer.status).toBe(404);
  });

  test("hide no key of a bucket with a host of its own", () => {
    const bucketOf = (hostname: string) => (hostname === "bucket.sherd.test" ? "bucket" : null);
    expect(isOwnPath("http://bucket.sherd.test/-/console/index.html", bucketOf)).toBe(false);
    expect(isOwnPath("http://sherd.test/-/console/index.html", bucketOf)).toBe(true);
  });
});
