import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderMetrics } from "../../src/base/prometheus.ts";
import { RequestMetrics } from "../../src/edge/request-metrics.ts";
import { type Sherd, startSherd } from "../support/sherd.ts";

let sherd: Sherd;
beforeAll(async () => {
  sherd = await startSherd();
});
afterAll(() => sherd.stop());

const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
});

describe("own pages", () => {
  it("want the root key", async () => {
    const { accessKeyId, secretAccessKey } = sherd;
    for (const headers of [
      {},
      basic(accessKeyId, "wrong"),
      basic("wrong", secretAccessKey),
      basic("", ""),
      basic(accessKeyId, ""),
      { authorization: "Basic !!!" },
    ]) {
      const response = await fetch(`${sherd.endpoint}/-/durability`, { headers });
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toContain("Basic");
      expect(await response.text()).not.toContain(secretAccessKey);
    }
  });

  it("give the durability report as JSON and as a page", async () => {
    const headers = basic(sherd.accessKeyId, sherd.secretAccessKey);
    const json = await fetch(`${sherd.endpoint}/-/durability`, { headers });
    expect(json.status).toBe(200);
    expect(await json.json()).toMatchObject({
      drives: expect.arrayContaining([expect.objectContaining({ reachable: true })]),
    });
    const page = await fetch(`${sherd.endpoint}/-/durability`, { headers: { ...headers, accept: "text/html" } });
    expect(page.headers.get("content-type")).toContain("text/html");
    expect(await page.text()).toContain("<table>");
  });

  it("count requests by operation and status", async () => {
    await fetch(`${sherd.endpoint}/nobody`, { method: "PUT" });
    const headers = basic(sherd.accessKeyId, sherd.secretAccessKey);
    const text = await (await fetch(`${sherd.endpoint}/-/metrics`, { headers })).text();
    expect(text).toMatch(/^sherd_requests_total\{operation="CreateBucket",status="403"\} [1-9]/m);
    expect(text).toMatch(/^sherd_d1_round_trips_total [1-9]/m);
    expect(text).toMatch(/^# TYPE sherd_request_duration_seconds histogram$/m);
  });

  it("change something only where they are posted, with the key and a header that no form can send", {
    tags: ["slow"],
  }, async () => {
    const key = basic(sherd.accessKeyId, sherd.secretAccessKey);
    const post = (page: string, headers: Record<string, string>) =>
      fetch(`${sherd.endpoint}/-/${page}`, { method: "POST", headers });
    expect((await fetch(`${sherd.endpoint}/-/run`, { headers: key })).status).toBe(404);
    expect((await post("run", { "x-sherd-confirm": "run" })).status).toBe(401);
    expect((await post("run", key)).status).toBe(403);
    expect((await post("restore", key)).status).toBe(403);
    const answer = await post("run", { ...key, "x-sherd-confirm": "run" });
    expect(await answer.json()).toMatchObject({ collect: { deletedBlobs: 0 }, snapshot: { snapshots: 0 } });
    const restore = await post("restore", { ...key, "x-sherd-confirm": "restore" });
    expect(await restore.json()).toMatchObject({ state: "refused" });
    const unknown = await post("restore?database=DB_9", { ...key, "x-sherd-confirm": "restore" });
    expect(unknown.status).toBe(400);
  });

  it("check everything, from where the last call got to", async () => {
    const headers = basic(sherd.accessKeyId, sherd.secretAccessKey);
    const whole = await fetch(`${sherd.endpoint}/-/check`, { headers });
    expect(await whole.json()).toMatchObject({ findings: [], next: null });
    const from = JSON.stringify({ database: "DB", phase: "drives", of: "drive-6", after: "" });
    const rest = await fetch(`${sherd.endpoint}/-/check?from=${encodeURIComponent(from)}`, { headers });
    expect(await rest.json()).toMatchObject({ findings: [], next: null });
    expect((await fetch(`${sherd.endpoint}/-/check?from=nothing`, { headers })).status).toBe(400);
  });

  it("are not there under another name", async () => {
    expect((await fetch(`${sherd.endpoint}/-/nothing`)).status).toBe(404);
  });
});

describe("metrics", () => {
  it("are cumulative histograms in Prometheus text, with labels escaped", () => {
    const metrics = new RequestMetrics();
    for (const ms of [0.5, 3, 3, 70_000]) {
      metrics.record({ operation: "GetObject", status: 200, ms, receivedBytes: 0, sentBytes: 10 });
    }
    const text = renderMetrics(metrics.metrics());
    expect(text).toContain('sherd_request_duration_seconds_bucket{operation="GetObject",le="0.001"} 1\n');
    expect(text).toContain('sherd_request_duration_seconds_bucket{operation="GetObject",le="0.005"} 3\n');
    expect(text).toContain('sherd_request_duration_seconds_bucket{operation="GetObject",le="+Inf"} 4\n');
    expect(text).toContain('sherd_request_duration_seconds_count{operation="GetObject"} 4\n');
    expect(text).toContain("sherd_sent_bytes_total 40\n");
    const odd = renderMetrics([
      { name: "x", help: "x", type: "gauge", samples: [{ labels: { a: 'q"\\\n' }, value: 1 }] },
    ]);
    expect(odd).toContain('x{a="q\\"\\\\\\n"} 1');
  });
});
