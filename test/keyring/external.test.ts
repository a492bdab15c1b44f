import { describe, expect, it } from "vitest";
import { awsKms } from "../../src/keyring/external/aws-kms.ts";
import type { ExternalKms } from "../../src/keyring/external/external-kms.ts";
import { readKmsStores } from "../../src/keyring/external/read-stores.ts";
import { vaultTransit } from "../../src/keyring/external/vault.ts";

interface Sent {
  url: string;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a parsed document, whose shape the test knows
  body: any;
}

/** A `fetch` that answers so, and what it was asked. */
function answering(status: number, body: unknown): { fetch: typeof fetch; sent: Sent[] } {
  const sent: Sent[] = [];
  const send = async (request: Request) => {
    sent.push({ url: request.url, headers: request.headers, body: await request.json() });
    return new Response(typeof body === "string" ? body : JSON.stringify(body), { status });
  };
  return { fetch: send as typeof fetch, sent };
}

/** A `fetch` that hangs until it is given up. */
const hanging = ((_: Request, { signal }: { signal: AbortSignal }) =>
  new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)))) as typeof fetch;
const failing = (async () => {
  throw new TypeError("fetch failed: connect ECONNREFUSED 10.0.0.1:443");
}) as typeof fetch;

const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "topsecret" };
const aws = (fetch: typeof globalThis.fetch) =>
  awsKms(
    { endpoint: "https://kms.eu-central-1.amazonaws.com", region: "eu-central-1", ...credentials },
    { fetch, timeoutMs: 20 },
  );
const vault = (fetch: typeof globalThis.fetch) =>
  vaultTransit(
    { endpoint: "https://vault.test:8200/", mount: "transit", token: "s.topsecret" },
    { fetch, timeoutMs: 20 },
  );

const plain = new TextEncoder().encode("a");
const sealed = new TextEncoder().encode("vault:v1:AAAA");
const context = { dept: "blue" };

describe("AWS KMS", () => {
  it("is asked by signed requests, with the context", async () => {
    const { fetch, sent } = answering(200, { CiphertextBlob: "AQID", KeyId: "k" });
    expect(await aws(fetch).encrypt("alias/mine", plain, context)).toEqual({ ok: true, bytes: Uint8Array.of(1, 2, 3) });
    const [one] = sent;
    expect(one?.url).toBe("https://kms.eu-central-1.amazonaws.com/");
    expect(one?.body).toEqual({ KeyId: "alias/mine", Plaintext: "YQ==", EncryptionContext: context });
    expect(one?.headers.get("x-amz-target")).toBe("TrentService.Encrypt");
    expect(one?.headers.get("authorization")).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/kms\/aws4_request, /,
    );
    const opening = answering(200, { Plaintext: "YQ==" });
    expect(await aws(opening.fetch).decrypt("alias/mine", Uint8Array.of(1), {})).toEqual({ ok: true, bytes: plain });
    expect(opening.sent[0]?.body).toEqual({ KeyId: "alias/mine", CiphertextBlob: "AQ==" });
  });

  it.each([
    [400, { __type: "InvalidCiphertextException" }, "invalid-ciphertext"],
    [400, { __type: "com.amazonaws.kms#IncorrectKeyException" }, "invalid-ciphertext"],
    [400, { __type: "AccessDeniedException", message: "topsecret" }, "refused"],
    [400, { __type: "DisabledException" }, "refused"],
    [400, { __type: "ThrottlingException" }, "unreachable"],
    [500, { __type: "KMSInternalException" }, "unreachable"],
    [503, "<html>topsecret</html>", "unreachable"],
    [302, "", "refused"],
    [200, {}, "unreachable"],
    [200, { Plaintext: "no base64" }, "unreachable"],
    [200, "no JSON", "unreachable"],
    [200, "x".repeat(70_000), "unreachable"],
  ])("that answers %i %o is %s", async (status, body, problem) => {
    const answer = await aws(answering(status, body).fetch).decrypt("k", Uint8Array.of(1), context);
    expect(answer).toMatchObject({ ok: false, problem });
    expect(JSON.stringify(answer)).not.toContain("topsecret");
  });
});

describe("Vault", () => {
  it("is asked with the context as associated data", async () => {
    const { fetch, sent } = answering(200, { data: { ciphertext: "vault:v1:AAAA" } });
    expect(await vault(fetch).encrypt("mine", plain, context)).toEqual({ ok: true, bytes: sealed });
    expect(sent[0]).toMatchObject({
      url: "https://vault.test:8200/v1/transit/encrypt/mine",
      body: { plaintext: "YQ==" },
    });
    expect(sent[0]?.headers.get("x-vault-token")).toBe("s.topsecret");
    const opening = answering(200, { data: { plaintext: "YQ==" } });
    expect(await vault(opening.fetch).decrypt("mine", sealed, context)).toEqual({ ok: true, bytes: plain });
    expect(opening.sent[0]?.body).toEqual({
      ciphertext: "vault:v1:AAAA",
      associated_data: sent[0]?.body.associated_data,
    });
  });

  it.each([
    [400, { errors: ["cipher: message authentication failed"] }, "invalid-ciphertext"],
    [403, { errors: ["permission denied"] }, "refused"],
    [404, { errors: [] }, "refused"],
    [503, { errors: ["Vault is sealed"] }, "unreachable"],
    [200, { data: {} }, "unreachable"],
  ])("that answers %i %o is %s", async (status, body, problem) => {
    const answer = await vault(answering(status, body).fetch).decrypt("mine", sealed, context);
    expect(answer).toMatchObject({ ok: false, problem });
  });

  it("is not asked for a name that would change the URL", async () => {
    const { fetch, sent } = answering(200, {});
    for (const name of ["../sys/seal", "a/b", "a?b", ""]) {
      expect(await vault(fetch).encrypt(name, plain, context)).toMatchObject({ ok: false, problem: "refused" });
    }
    expect(sent).toEqual([]);
  });
});

describe.each<[string, (fetch: typeof globalThis.fetch) => ExternalKms]>([
  ["AWS KMS", aws],
  ["Vault", vault],
])("%s that is away", (_, open) => {
  it.each([
    ["hangs", hanging, "did not answer within 20 ms"],
    ["cannot be reached", failing, "cannot be reached"],
  ])("%s: the answer comes in time and names the host alone", async (_how, fetch, reason) => {
    const answer = await open(fetch).encrypt("k", plain, context);
    expect(answer).toMatchObject({ ok: false, problem: "unreachable", reason: expect.stringContaining(reason) });
    expect(JSON.stringify(answer)).not.toMatch(/topsecret|ECONNREFUSED/);
  });
});

describe("SHERD_KMS_STORES", () => {
  const env = { SHERD_ID: "id", SHERD_SECRET: "topsecret" };
  const store = {
    ...{ name: "aws", type: "aws-kms", endpoint: "https://kms.test", region: "eu-central-1" },
    ...{ accessKeyIdSecret: "SHERD_ID", secretAccessKeySecret: "SHERD_SECRET" },
  };
  const read = (stores: unknown) => readKmsStores({ ...env, SHERD_KMS_STORES: stores }, { fetch });

  it("names places and whose they are", () => {
    expect(readKmsStores({}, { fetch }).size).toBe(0);
    const stores = read(
      JSON.stringify([
        store,
        {
          name: "v",
          type: "vault",
          endpoint: "http://127.0.0.1:8200",
          tokenSecret: "SHERD_SECRET",
          accounts: ["200000000002"],
        },
      ]),
    );
    expect([...stores].map(([name, { accounts }]) => [name, accounts])).toEqual([
      ["aws", ["100000000001"]],
      ["v", ["200000000002"]],
    ]);
    expect(read([store]).size).toBe(1);
  });

  it.each([
    ["no JSON", "it is not JSON"],
    [{}, "must be a JSON list"],
    [[1], "must be a JSON list"],
    [[{ ...store, name: "A b" }], 'needs a "name"'],
    [[store, store], 'the name "aws"'],
    [[{ ...store, type: "gcp" }], 'needs a "type"'],
    [[{ ...store, endpoint: "http://kms.test" }], "https://"],
    [[{ ...store, accessKeyIdSecret: "SHERD_NONE" }], "SHERD_NONE, which is not set"],
    [[{ ...store, region: undefined }], 'needs a "region"'],
    [[{ ...store, timeoutSeconds: 31 }], "timeoutSeconds"],
    [[{ ...store, accounts: ["1"] }], "accounts"],
    [[{ ...store, mount: "x" }], 'unknown field "mount"'],
    [
      [{ name: "v", type: "vault", endpoint: "https://v.test", tokenSecret: "SHERD_SECRET", mount: "a/../b" }],
      'needs a "mount"',
    ],
  ])("%o is refused: %s", (stores, message) => {
    expect(() => read(stores)).toThrow(message);
    expect(() => read(stores)).not.toThrow("topsecret");
  });
});
