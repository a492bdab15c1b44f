import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import type { DataKeyFailure, DataKeys } from "../../src/sealing/data-keys.ts";
import { decryptGcm, encryptGcm } from "../../src/sealing/gcm.ts";

const ARN = "arn:aws:kms:us-east-1:000000000000:key/of-a-test";

/** A KMS of one key, for tests of what stands before it. `fails`: what it answers instead. */
export function testDataKeys(state: { fails?: DataKeyFailure; calls?: string[] } = {}): DataKeys {
  const key = randomBytes(32);
  const additional = (context: object) => Buffer.from(JSON.stringify(Object.entries(context).sort()));
  return {
    async generate({ keyId, context }) {
      state.calls?.push(`generate ${keyId ?? "default"}`);
      if (state.fails) return { ok: false, failure: state.fails };
      const plain = randomBytes(32);
      const nonce = randomBytes(12);
      const sealed = encryptGcm({ key, nonce, additional: additional(context) }, plain);
      return { ok: true, plain, sealed: Buffer.concat([nonce, sealed]).toString("base64"), keyArn: keyId ?? ARN };
    },
    async open({ sealed, keyArn, context }) {
      state.calls?.push(`open ${keyArn}`);
      if (state.fails) return { ok: false, failure: state.fails };
      const bytes = Buffer.from(sealed, "base64");
      const plain = decryptGcm(
        { key, nonce: bytes.subarray(0, 12), additional: additional(context) },
        bytes.subarray(12),
      );
      return plain ? { ok: true, plain } : { ok: false, failure: { kind: "invalid-ciphertext", keyArn } };
    },
  };
}
