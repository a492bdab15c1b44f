import { describe, expect, it } from "vitest";
import { readStoredSecrets, storedSecretsIn } from "../../src/base/stored-secrets.ts";

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
