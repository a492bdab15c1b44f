import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Authenticator } from "../../src/auth/authenticator.ts";
import { commonSigningRules } from "../../src/auth/sigv4/signing-rules.ts";
import { CLIENT_PATIENCE } from "../../src/edge/client-patience.ts";
import { type JsonHandler, type JsonServiceParts, jsonService } from "../../src/edge/json-service.ts";
import { RequestMetrics } from "../../src/edge/request-metrics.ts";
import { serve } from "../../src/edge/serve.ts";
import { FIRST_ACCOUNT_ID } from "../../src/metadata/identities/accounts.ts";
import { putInlinePolicy } from "../../src/metadata/identities/entities.ts";
import { JsonError } from "../../src/protocols/aws-json/error.ts";
import { allowing, People, type Person } from "../support/people.ts";
import { type SignerInput, signRequest } from "../support/signer.ts";
import { openTestStore, type TestStore } from "../support/store.ts";

let rig: TestStore;
let people: People;
beforeAll(async () => {
  rig = await openTestStore();
  people = new People(rig.store);
});
afterAll(() => rig.dispose());

const ask = { action: "kms:ListKeys", resource: "*", resourceAccountId: FIRST_ACCOUNT_ID };

const parts: JsonServiceParts = {
  name: "kms",
  signing: commonSigningRules("kms"),
  jsonVersion: "1.1",
  targetPrefix: "TrentService",
  bytesMax: 1000,
  operations: new Map<string, JsonHandler | null>([
    ["Echo", async (_, input) => ({ Got: JSON.stringify(input) })],
    [
      "Ask",
      async ({ caller }) => {
        caller.demand([ask]);
        return null;
      },
    ],
    [
      "Missing",
      async () => {
        throw new JsonError("NotFoundException", 400, "Key is not there", { members: { reason: "NONE" } });
      },
    ],
    [
      "Bug",
      async () => {
        throw new Error("a bug");
      },
    ],
    ["Later", null],
  ]),
};

interface Sent {
  readonly status: number;
  readonly headers: Headers;
  readonly document: Record<string, unknown>;
}

async function send(request: Request, more: Partial<JsonServiceParts> = {}): Promise<Sent> {
  const edge = {
    services: [jsonService({ ...parts, ...more })] as const,
    authenticator: new Authenticator(people.keys.ring),
    clientAddress: { from: "connection" } as const,
    clock: rig.store.clock,
    random: rig.store.random,
    log: { info: () => {}, error: () => {} },
    logRequests: null,
    patience: CLIENT_PATIENCE,
    metrics: new RequestMetrics(),
  };
  const response = await serve(request, edge, { waitUntil: () => {} });
  const document = JSON.parse(await response.text());
  return { status: response.status, headers: response.headers, document };
}

function call(operation: string, body: string, by: { key?: Person; input?: Partial<SignerInput> } = {}): Request {
  const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": `TrentService.${operation}` };
  const url = "http://sherd.test/";
  if (by.key === undefined) return new Request(url, { method: "POST", headers, body });
  const nowMs = rig.store.clock.now();
  const signed = signRequest({ method: "POST", url, headers, body, service: "kms", nowMs, ...by.key, ...by.input });
  return new Request(signed.url, { method: "POST", headers: signed.headers, body: Buffer.from(signed.body) });
}

describe("a service with JSON documents", () => {
  test("answers an object", async () => {
    const key = await people.user();
    const { status, headers, document } = await send(call("Echo", '{"a":1}', { key }));
    expect([status, document]).toEqual([200, { Got: '{"a":1}' }]);
    expect(headers.get("content-type")).toBe("application/x-amz-json-1.1");
    expect(headers.get("x-amzn-requestid")).toBe(headers.get("x-amz-request-id"));
  });

  test.each([
    ["Echo", "[1]", 400, "SerializationException"],
    ["Echo", `{"a":"${"x".repeat(1000)}"}`, 413, "RequestEntityTooLarge"],
    ["Missing", "{}", 400, "NotFoundException"],
    ["Ask", "{}", 400, "AccessDeniedException"],
    ["Later", "{}", 501, "NotImplemented"],
    ["Nothing", "{}", 400, "UnknownOperationException"],
    ["Bug", "{}", 500, "InternalFailure"],
  ])("%s %s is answered %i %s", async (operation, body, status, type) => {
    const key = await people.user();
    const sent = await send(call(operation, body, { key }));
    expect(sent).toMatchObject({ status, document: { __type: type, message: expect.any(String) } });
    expect(sent.headers.get("x-amzn-errortype")).toBe(type);
    expect(sent.headers.get("x-amzn-query-error")).toBe(null);
  });

  test("has further members in an error, its namespace, and the code of the query protocol", async () => {
    const key = await people.user();
    const more = { namespace: "com.amazonaws.sqs#", queryCode: () => "AWS.NonExistent" };
    const { headers, document } = await send(call("Missing", "{}", { key }), more);
    expect(document).toEqual({
      __type: "com.amazonaws.sqs#NotFoundException",
      message: "Key is not there",
      reason: "NONE",
    });
    expect(headers.get("x-amzn-query-error")).toBe("AWS.NonExistent;Sender");
  });

  test("decides a denial again as of now, though it answers 400", async () => {
    const key = await people.user();
    expect((await send(call("Ask", "{}", { key }))).document).toMatchObject({ __type: "AccessDeniedException" });
    const policy = putInlinePolicy(key.id, { name: "more", document: allowing("kms:ListKeys") });
    await people.change(FIRST_ACCOUNT_ID, policy);
    expect((await send(call("Ask", "{}", { key }))).status).toBe(200);
  });

  test.each<[string, Partial<SignerInput>, string]>([
    ["a wrong secret", { secret: "wrong" }, "InvalidSignatureException"],
    ["an unknown key", { accessKeyId: "AKIAIOSFODNN7EXAMPLE" }, "UnrecognizedClientException"],
    ["an old signature", { nowMs: 0 }, "InvalidSignatureException"],
  ])("refuses %s", async (_, input, type) => {
    const key = await people.user();
    expect(await send(call("Echo", "{}", { key, input }))).toMatchObject({ status: 400, document: { __type: type } });
  });

  test("takes unsigned requests for what a resource's policy may allow anybody, and nothing else", async () => {
    const unsigned = { unsigned: new Set(["Echo"]) };
    expect((await send(call("Echo", "{}"), unsigned)).status).toBe(200);
    const type = "MissingAuthenticationTokenException";
    expect(await send(call("Ask", "{}"), unsigned)).toMatchObject({ status: 400, document: { __type: type } });
    expect(await send(call("Echo", "{}"))).toMatchObject({ status: 400, document: { __type: type } });
  });
});
