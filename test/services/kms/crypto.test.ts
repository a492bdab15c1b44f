import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { base64, KmsRig } from "./support/kms.ts";

let rig: KmsRig;
beforeAll(async () => {
  rig = await KmsRig.open();
});
afterAll(() => rig.dispose());

const code = (operation: string, input: object = {}) => rig.code(rig.root(), operation, input);
const bytes = (text: string) => Buffer.from(text, "base64");

describe("Encrypt and Decrypt", () => {
  it.each([1, 4_096])("return %i bytes", async (size) => {
    const KeyId = await rig.key();
    const Plaintext = Buffer.alloc(size, 7).toString("base64");
    const EncryptionContext = { bucket: "holiday", ключ: "значение", __proto__x: "1" };
    const { CiphertextBlob, ...rest } = await rig.ok("Encrypt", { KeyId, Plaintext, EncryptionContext });
    expect(rest).toEqual({
      KeyId: `arn:aws:kms:us-east-1:100000000001:key/${KeyId}`,
      EncryptionAlgorithm: "SYMMETRIC_DEFAULT",
    });
    expect(bytes(CiphertextBlob).length).toBeLessThanOrEqual(6_144);
    const reordered = Object.fromEntries(Object.entries(EncryptionContext).reverse());
    expect((await rig.ok("Decrypt", { CiphertextBlob, EncryptionContext: reordered })).Plaintext).toBe(Plaintext);
  });

  it.each([
    ["no plain text", { Plaintext: "" }, "ValidationException"],
    ["4,097 bytes", { Plaintext: Buffer.alloc(4_097).toString("base64") }, "ValidationException"],
    ["no base64", { Plaintext: "a" }, "SerializationException"],
    ["another algorithm", { Plaintext: "YQ==", EncryptionAlgorithm: "RSAES_OAEP_SHA_256" }, "ValidationException"],
    ["a long context", { Plaintext: "YQ==", EncryptionContext: { a: "x".repeat(8_192) } }, "ValidationException"],
    ["a context of numbers", { Plaintext: "YQ==", EncryptionContext: { a: 1 } }, "SerializationException"],
    ["a forged grant token", { Plaintext: "YQ==", GrantTokens: ["x"] }, "InvalidGrantTokenException"],
  ])("refuse %s", async (_, input, expected) => {
    expect(await code("Encrypt", { KeyId: await rig.key(), ...input })).toBe(expected);
  });

  it("refuse every context but the same", async () => {
    const KeyId = await rig.key();
    const contexts = [{}, { a: "1" }, { a: "2" }, { A: "1" }, { a: "1", b: "" }, { a1: "" }, { "": "a1" }];
    for (const EncryptionContext of contexts) {
      const { CiphertextBlob } = await rig.ok("Encrypt", { KeyId, Plaintext: "YQ==", EncryptionContext });
      for (const other of contexts) {
        const answered = await rig.call(rig.root(), "Decrypt", { CiphertextBlob, EncryptionContext: other });
        expect(answered.code).toBe(other === EncryptionContext ? "" : "InvalidCiphertextException");
      }
    }
  });

  it("notice every changed bit and every cut", async () => {
    const KeyId = await rig.key();
    const { CiphertextBlob } = await rig.ok("Encrypt", { KeyId, Plaintext: base64("secret") });
    const whole = bytes(CiphertextBlob);
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] as number) ^ (1 << (at % 8));
      // A changed key id is of no key that the caller may use.
      const expected = at >= 1 && at < 17 ? "AccessDeniedException" : "InvalidCiphertextException";
      expect([at, await code("Decrypt", { CiphertextBlob: changed.toString("base64") })]).toEqual([at, expected]);
    }
    for (const length of [1, 16, 17, 21, 22, 49, whole.length - 1]) {
      expect(await code("Decrypt", { CiphertextBlob: whole.subarray(0, length).toString("base64") })).toBe(
        "InvalidCiphertextException",
      );
    }
    expect(await code("Decrypt", { CiphertextBlob: Buffer.alloc(6_145).toString("base64") })).toBe(
      "ValidationException",
    );
    expect(await code("Decrypt", {})).toBe("ValidationException");
  });

  it("open with the key that is named, if one is", async () => {
    const [one, two] = [await rig.key(), await rig.key()];
    await rig.ok("CreateAlias", { AliasName: "alias/one", TargetKeyId: one });
    const { CiphertextBlob } = await rig.ok("Encrypt", { KeyId: "alias/one", Plaintext: "YQ==" });
    expect((await rig.ok("Decrypt", { CiphertextBlob, KeyId: "alias/one" })).Plaintext).toBe("YQ==");
    expect(await code("Decrypt", { CiphertextBlob, KeyId: two })).toBe("IncorrectKeyException");
    expect(await code("Decrypt", { CiphertextBlob, KeyId: "alias/none" })).toBe("NotFoundException");
  });

  it("never encrypt the same twice alike", async () => {
    const input = { KeyId: await rig.key(), Plaintext: "YQ==" };
    const blobs = await Promise.all(Array.from({ length: 20 }, () => rig.ok("Encrypt", input)));
    expect(new Set(blobs.map(({ CiphertextBlob }) => CiphertextBlob)).size).toBe(20);
  });
});

describe("data keys", () => {
  it.each([
    [{ KeySpec: "AES_256" }, 32],
    [{ KeySpec: "AES_128" }, 16],
    [{ NumberOfBytes: 1_024 }, 1_024],
  ])("of %o have %i bytes", async (input, size) => {
    const KeyId = await rig.key();
    const EncryptionContext = { a: "b" };
    const made = await rig.ok("GenerateDataKey", { KeyId, ...input, EncryptionContext });
    expect(bytes(made.Plaintext)).toHaveLength(size);
    const opened = await rig.ok("Decrypt", { CiphertextBlob: made.CiphertextBlob, EncryptionContext });
    expect(opened).toMatchObject({ Plaintext: made.Plaintext, KeyMaterialId: made.KeyMaterialId });
    const without = await rig.ok("GenerateDataKeyWithoutPlaintext", { KeyId, ...input });
    expect(without.Plaintext).toBeUndefined();
    expect(bytes((await rig.ok("Decrypt", { CiphertextBlob: without.CiphertextBlob })).Plaintext)).toHaveLength(size);
  });

  it.each([
    {},
    { KeySpec: "AES_256", NumberOfBytes: 32 },
    { NumberOfBytes: 0 },
    { NumberOfBytes: 1_025 },
    { KeySpec: "DES" },
  ])("are refused for %o", async (input) => {
    expect(await code("GenerateDataKey", { KeyId: await rig.key(), ...input })).toBe("ValidationException");
  });

  it("and random bytes are as many as asked", async () => {
    expect(bytes((await rig.ok("GenerateRandom", { NumberOfBytes: 5 })).Plaintext)).toHaveLength(5);
    expect(await code("GenerateRandom", {})).toBe("ValidationException");
  });
});

describe("ReEncrypt", () => {
  it("moves to another key and context", async () => {
    const [from, to] = [await rig.key(), await rig.key()];
    const { CiphertextBlob } = await rig.ok("Encrypt", {
      KeyId: from,
      Plaintext: "YQ==",
      EncryptionContext: { a: "1" },
    });
    const move = { CiphertextBlob, SourceEncryptionContext: { a: "1" }, DestinationKeyId: to };
    const moved = await rig.ok("ReEncrypt", { ...move, DestinationEncryptionContext: { b: "2" } });
    expect(moved).toMatchObject({
      SourceKeyId: expect.stringContaining(from),
      KeyId: expect.stringContaining(to),
      SourceKeyMaterialId: expect.stringMatching(/^[0-9a-f]{64}$/),
      DestinationKeyMaterialId: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const opened = await rig.ok("Decrypt", { CiphertextBlob: moved.CiphertextBlob, EncryptionContext: { b: "2" } });
    expect(opened).toMatchObject({ Plaintext: "YQ==", KeyId: expect.stringContaining(to) });
    expect(await code("ReEncrypt", { ...move, SourceEncryptionContext: {} })).toBe("InvalidCiphertextException");
    expect(await code("ReEncrypt", { ...move, SourceKeyId: to })).toBe("IncorrectKeyException");
  });
});

describe("dry runs", () => {
  it("say that the request would succeed, or why not", async () => {
    const KeyId = await rig.key();
    const { CiphertextBlob } = await rig.ok("Encrypt", { KeyId, Plaintext: "YQ==" });
    const DryRun = true;
    const would = await rig.call(rig.root(), "Encrypt", { KeyId, Plaintext: "YQ==", DryRun });
    expect(would).toMatchObject({ status: 412, code: "DryRunOperationException" });
    expect(await code("GenerateDataKey", { KeyId, KeySpec: "AES_256", DryRun })).toBe("DryRunOperationException");
    expect(await code("Decrypt", { CiphertextBlob, DryRun })).toBe("DryRunOperationException");
    expect(await code("Decrypt", { CiphertextBlob, EncryptionContext: { a: "b" }, DryRun })).toBe(
      "InvalidCiphertextException",
    );
    expect(await code("Decrypt", { KeyId, DryRun, DryRunModifiers: ["IGNORE_CIPHERTEXT"] })).toBe(
      "DryRunOperationException",
    );
    expect(await code("Decrypt", { KeyId, DryRunModifiers: ["IGNORE_CIPHERTEXT"] })).toBe("ValidationException");
    expect(await code("ReEncrypt", { CiphertextBlob, DestinationKeyId: KeyId, DryRun })).toBe(
      "DryRunOperationException",
    );
    expect(await rig.code(rig.user("ann"), "Encrypt", { KeyId, Plaintext: "YQ==", DryRun })).toBe(
      "AccessDeniedException",
    );
    await rig.ok("DisableKey", { KeyId });
    expect(await code("Encrypt", { KeyId, Plaintext: "YQ==", DryRun })).toBe("DisabledException");
  });
});

describe("root secrets", () => {
  it("open what an older one sealed, and say so if none does", async () => {
    const KeyId = await rig.key();
    const { CiphertextBlob } = await rig.ok("Encrypt", { KeyId, Plaintext: "YQ==" });
    const both = await KmsRig.open({ beside: rig, rootSecrets: ["a new root secret", "a root secret of a test"] });
    expect((await both.ok("Decrypt", { CiphertextBlob })).Plaintext).toBe("YQ==");
    const other = await KmsRig.open({ beside: rig, rootSecrets: ["a new root secret"] });
    const refused = await other.call(other.root(), "Decrypt", { CiphertextBlob });
    expect(refused).toMatchObject({ status: 500, code: "KeyUnavailableException" });
  });

  it("do not open a material in another row", async () => {
    const [one, two] = [await rig.key(), await rig.key()];
    const { CiphertextBlob } = await rig.ok("Encrypt", { KeyId: two, Plaintext: "YQ==" });
    const move =
      "UPDATE kms_materials SET (id, sealed) = (SELECT id, sealed FROM kms_materials WHERE key_id = ?1) WHERE key_id = ?2";
    await rig.test.d1.batch([rig.test.d1.prepare(move).bind(two, one)]);
    const fresh = await KmsRig.open({ beside: rig });
    expect(await fresh.code(fresh.root(), "Encrypt", { KeyId: one, Plaintext: "YQ==" })).toBe(
      "KeyUnavailableException",
    );
    expect((await fresh.ok("Decrypt", { CiphertextBlob })).Plaintext).toBe("YQ==");
  });
});
