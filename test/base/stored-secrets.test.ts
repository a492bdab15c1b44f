import { describe, expect, it } from "vitest";
import { openOnce, readStoredSecrets, storedSecretsIn } from "../../src/base/stored-secrets.ts";

const secret = (text: string) => ({ get: async () => text });

class KvNamespace {
  get = async () => "a value";
}
const kv = new KvNamespace();

describe("secrets of the Secrets Store", () => {
  it("are bindings of Sherd's own names that can only be read", () => {
    const env = {
      SHERD_ROOT_KEYS: secret("a"),
      SHERD_REGION: "us-east-1",
      SHERD_DRIVES: [{ get: "a" }],
      SHERD_NOTHING: null,
      SHERD_KV: kv,
      OTHERS: secret("b"),
    };
    expect(storedSecretsIn(env)).toEqual(["SHERD_ROOT_KEYS"]);
  });

  it("become texts, and all else stays as it is", async () => {
    const env = { SHERD_ROOT_KEYS: secret("the key"), SHERD_REGION: "us-east-1", SHERD_KV: kv };
    expect(await readStoredSecrets(env)).toEqual({ ...env, SHERD_ROOT_KEYS: "the key" });
  });

  it("are named if the store does not give them, and the others are not told", async () => {
    const failing = { get: () => Promise.reject(new Error("Secret not found")) };
    const refusal = readStoredSecrets({ SHERD_ROOT_KEYS: failing, SHERD_SECRET_ACCESS_KEY: secret("hidden") });
    await expect(refusal).rejects.toThrow(
      "SHERD_ROOT_KEYS: the Secrets Store does not give this secret (Error: Secret not found)",
    );
  });
});

describe("an app that is opened once", () => {
  const refuse = (error: unknown) => `refused: ${(error as Error).message}`;

  it("is built from the first environment, at once if no secret has to be read", () => {
    const open = openOnce((env: Record<string, unknown>) => `built for ${env.SHERD_REGION}`, refuse);
    expect(open({ SHERD_REGION: "a" })).toBe("built for a");
    expect(open({ SHERD_REGION: "b" })).toBe("built for a");
  });

  it("is built once for requests that read the secrets at the same time", async () => {
    let built = 0;
    const open = openOnce((env: Record<string, unknown>) => `${++built}: ${env.SHERD_ROOT_KEYS}`, refuse);
    const env = { SHERD_ROOT_KEYS: secret("the key") };
    expect(await Promise.all([open(env), open(env)])).toEqual(["1: the key", "1: the key"]);
    expect(open(env)).toBe("1: the key");
  });

  it("refuses a request whose secrets cannot be read, and is built by a later one", async () => {
    const open = openOnce((env: Record<string, unknown>) => `built with ${env.SHERD_ROOT_KEYS}`, refuse);
    const failing = { get: () => Promise.reject(new Error("no answer")) };
    expect(await open({ SHERD_ROOT_KEYS: failing })).toContain("refused: SHERD_ROOT_KEYS");
    expect(await open({ SHERD_ROOT_KEYS: secret("the key") })).toBe("built with the key");
  });
});
