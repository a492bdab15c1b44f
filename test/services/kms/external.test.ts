import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Authenticator } from "../../../src/auth/authenticator.ts";
import { rootRing } from "../../../src/auth/keys/ring.ts";
import { rootKey } from "../../../src/auth/keys/root-key.ts";
import { firstAccount } from "../../../src/auth/principal.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { CLIENT_PATIENCE } from "../../../src/edge/client-patience.ts";
import { RequestMetrics } from "../../../src/edge/request-metrics.ts";
import { serve } from "../../../src/edge/serve.ts";
import { awsKms } from "../../../src/keyring/external/aws-kms.ts";
import { otherAccount } from "../../support/s3-as.ts";
import { KmsRig } from "./support/kms.ts";

const credentials = { accessKeyId: "FARKEY", secretAccessKey: "the secret of another server" };

let near: KmsRig;
let far: KmsRig;
/** What the far server answers instead, if anything. */
let trouble: Response | null = null;

/** The far server with its signatures: a KMS by AWS's API, as the near one meets it. */
function farServer(): typeof fetch {
  const log = { info: () => {}, error: () => {} };
  const edge = {
    services: [far.service] as const,
    authenticator: new Authenticator(rootRing(rootKey(credentials.accessKeyId, credentials.secretAccessKey))),
    patience: CLIENT_PATIENCE,
    clientAddress: { from: "connection" } as const,
    clock: systemClock,
    ...{ random: far.keyring.random, log, logRequests: null, metrics: new RequestMetrics() },
  };
  const send = async (request: Request) => {
    // A connection adds it.
    const headers = new Headers([...request.headers, ["host", new URL(request.url).host]]);
    return trouble ?? serve(new Request(request, { headers }), edge, { waitUntil: () => {} });
  };
  return send as typeof fetch;
}

beforeAll(async () => {
  [near, far] = [await KmsRig.open(), await KmsRig.open()];
  const settings = { endpoint: "https://far.test/", region: "us-east-1", ...credentials };
  const kms = awsKms(settings, { fetch: farServer(), timeoutMs: 5_000 });
  near.external.set("far", { kms, accounts: [firstAccount.accountId] });
});
afterAll(async () => {
  await near.dispose();
  await far.dispose();
});

/** A key there, and one here that stands for it. */
async function pair(): Promise<{ there: string; here: string }> {
  const { Arn: there } = (await far.ok("CreateKey")).KeyMetadata;
  const here = await near.key({ Origin: "EXTERNAL_KEY_STORE", CustomKeyStoreId: "far", XksKeyId: there });
  return { there, here };
}

describe("a key that another KMS holds", () => {
  it("encrypts and decrypts there, and says so", { tags: ["slow"] }, async () => {
    const { here, there } = await pair();
    const { KeyMetadata } = await near.ok("DescribeKey", { KeyId: here });
    expect(KeyMetadata).toMatchObject({
      Origin: "EXTERNAL_KEY_STORE",
      CustomKeyStoreId: "far",
      XksKeyConfiguration: { Id: there },
    });
    const Plaintext = Buffer.alloc(4_096, 1).toString("base64");
    const EncryptionContext = { a: "1" };
    const { CiphertextBlob } = await near.ok("Encrypt", { KeyId: here, Plaintext, EncryptionContext });
    expect((await near.ok("Decrypt", { CiphertextBlob, EncryptionContext })).Plaintext).toBe(Plaintext);
    expect(await near.code(near.root(), "Decrypt", { CiphertextBlob })).toBe("InvalidCiphertextException");
    expect(JSON.stringify(await near.contents())).not.toContain('kms_materials",[{');
    await far.ok("RotateKeyOnDemand", { KeyId: there });
    expect((await near.ok("Decrypt", { CiphertextBlob, EncryptionContext })).Plaintext).toBe(Plaintext);
  });

  it("does not open as another key that the same key there stands behind", async () => {
    const { here, there } = await pair();
    const twin = await near.key({ Origin: "EXTERNAL_KEY_STORE", CustomKeyStoreId: "far", XksKeyId: there });
    const { CiphertextBlob } = await near.ok("Encrypt", { KeyId: here, Plaintext: "YQ==" });
    const forged = Buffer.from(CiphertextBlob, "base64");
    forged.set(Buffer.from(twin.replaceAll("-", ""), "hex"), 1);
    const answered = await near.code(near.root(), "Decrypt", { CiphertextBlob: forged.toString("base64") });
    expect(answered).toBe("InvalidCiphertextException");
  });

  it("is made by accounts that the configuration names", async () => {
    const input = { Origin: "EXTERNAL_KEY_STORE", CustomKeyStoreId: "far", XksKeyId: "k" };
    const foreign = near.root(otherAccount);
    expect(await near.code(foreign, "CreateKey", input)).toBe("CustomKeyStoreNotFoundException");
    expect((await near.ok("DescribeCustomKeyStores", {}, foreign)).CustomKeyStores).toEqual([]);
    expect((await near.ok("DescribeCustomKeyStores")).CustomKeyStores).toMatchObject([{ CustomKeyStoreId: "far" }]);
  });

  it("is not rotated here", async () => {
    const { here: KeyId } = await pair();
    for (const operation of [
      "RotateKeyOnDemand",
      "EnableKeyRotation",
      "DisableKeyRotation",
      "GetKeyRotationStatus",
      "ListKeyRotations",
    ]) {
      expect(await near.code(near.root(), operation, { KeyId })).toBe("UnsupportedOperationException");
    }
  });

  it.each([
    ["disabled", "DisableKey", "DisabledException"],
    ["to be deleted", "ScheduleKeyDeletion", "KMSInvalidStateException"],
  ])("that is %s there is refused by name", async (_, operation, name) => {
    const { here, there } = await pair();
    await far.ok(operation, { KeyId: there });
    const answered = await near.call(near.root(), "Encrypt", { KeyId: here, Plaintext: "YQ==" });
    expect(answered).toMatchObject({ status: 400, code: "KMSInvalidStateException" });
    expect(answered.message).toContain(`it answered 400 ${name}`);
  });

  it("that is away may be asked again", async () => {
    const { here } = await pair();
    trouble = new Response("<html>", { status: 503 });
    const answered = await near.call(near.root(), "Encrypt", { KeyId: here, Plaintext: "YQ==" });
    trouble = null;
    expect(answered).toMatchObject({ status: 503, code: "DependencyTimeoutException" });
    await near.ok("Encrypt", { KeyId: here, Plaintext: "YQ==" });
    near.external.delete("far");
    expect(await near.code(near.root(), "Encrypt", { KeyId: here, Plaintext: "YQ==" })).toBe("KeyUnavailableException");
  });
});
