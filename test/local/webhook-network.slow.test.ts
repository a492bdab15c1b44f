import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createListener } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { webhooks } from "../../local/workerd/config.ts";

// What workerd lets endpoints of subscriptions be, whatever name leads there.

const target = createServer((_, answer) => answer.end("reached"));
let folder: string;
const ends: (() => void)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sherd-webhooks-"));
  await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  for (const end of ends) end();
  target.close();
  await rm(folder, { recursive: true });
});

/** A worker that fetches through the network of endpoints: what it gets of a URL. */
async function fetchThrough(reachPrivate: boolean): Promise<(url: string) => Promise<string>> {
  const listener = createListener();
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as AddressInfo;
  await new Promise((resolve) => listener.close(resolve));
  const script = `export default { fetch: async (request, { NET }) => {
    const url = new URL(request.url).searchParams.get("url");
    return NET.fetch(url).then((answer) => answer, (error) => new Response("refused: " + error.message));
  } }`;
  const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [${webhooks(reachPrivate)}, (name = "w", worker = (modules = [(name = "w", esModule = ${JSON.stringify(script)})],
  compatibilityDate = "2026-01-01", bindings = [(name = "NET", service = "webhooks")]))],
  sockets = [(name = "s", address = "127.0.0.1:${port}", http = (), service = "w")]);`;
  const path = join(folder, `${port}.capnp`);
  await writeFile(path, config);
  const workerd = spawn(join(import.meta.dirname, "../../node_modules/.bin/workerd"), ["serve", path], {
    stdio: "ignore",
  });
  ends.push(() => workerd.kill());
  const call = async (url: string) => (await fetch(`http://127.0.0.1:${port}/?url=${encodeURIComponent(url)}`)).text();
  await expect.poll(() => call("data:,").catch(() => null), { timeout: 10_000 }).not.toBeNull();
  return call;
}

it("a name that leads to this machine is refused, unless private addresses are allowed", async () => {
  const { port } = target.address() as AddressInfo;
  const [strict, open] = await Promise.all([fetchThrough(false), fetchThrough(true)]);
  for (const host of ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"]) {
    expect(await strict(`http://${host}:${port}/`)).toMatch(/^refused/);
  }
  expect(await open(`http://localhost:${port}/`)).toBe("reached");
});
