import { fromBase64, toBase64 } from "../../base/bytes.ts";
import type { EncryptionContext } from "../../sealing/data-keys.ts";
import { canonicalContext } from "../encryption-context.ts";
import {
  type ExternalAnswer,
  type ExternalKms,
  type ExternalParts,
  fetchInTime,
  parseObject,
  unreadableAnswer,
} from "./external-kms.ts";

export interface VaultSettings {
  /** `https://vault.example.org:8200` */
  readonly endpoint: string;
  /** Where the transit engine is mounted: `transit`. */
  readonly mount: string;
  readonly token: string;
  /** Of Vault Enterprise and OpenBao; undefined: none. */
  readonly namespace?: string | undefined;
}

/** A key's name there goes into a URL. */
const KEY_NAME = /^[A-Za-z0-9_.-]{1,128}$/;

/**
 * The transit secrets engine of HashiCorp Vault and OpenBao. `key` must be of a type with authenticated data (`aes256-gcm96`, the usual, or
 * `chacha20-poly1305`): the encryption context is passed as `associated_data`. Rotation there goes on as there: its ciphertexts name
 * their version.
 *
 * Follows "Transit secrets engine (API)" of the Vault documentation.
 */
export function vaultTransit(settings: VaultSettings, parts: ExternalParts): ExternalKms {
  const call = async (path: "encrypt" | "decrypt", key: string, input: object): Promise<Read> => {
    if (!KEY_NAME.test(key)) return refused("the key's name cannot be one of Vault's");
    const { endpoint, mount, token, namespace } = settings;
    const headers = { "Content-Type": "application/json", "X-Vault-Token": token, "X-Vault-Request": "true" };
    const request = new Request(`${endpoint.replace(/\/$/, "")}/v1/${mount}/${path}/${key}`, {
      method: "POST",
      headers: { ...headers, ...(namespace === undefined ? {} : { "X-Vault-Namespace": namespace }) },
      body: JSON.stringify(input),
    });
    const fetched = await fetchInTime(request, parts);
    return fetched.ok ? readAnswer(fetched, path === "encrypt" ? "ciphertext" : "plaintext") : fetched.answer;
  };
  const associated = (context: EncryptionContext) => ({ associated_data: toBase64(canonicalContext(context)) });
  return {
    async encrypt(key, plain, context) {
      const read = await call("encrypt", key, { plaintext: toBase64(plain), ...associated(context) });
      return read.ok ? { ok: true, bytes: new TextEncoder().encode(read.value) } : read;
    },
    async decrypt(key, sealed, context) {
      const ciphertext = new TextDecoder().decode(sealed);
      const read = await call("decrypt", key, { ciphertext, ...associated(context) });
      if (!read.ok) return read;
      const bytes = fromBase64(read.value);
      return bytes === null ? unreadableAnswer : { ok: true, bytes };
    },
  };
}

type Read = { readonly ok: true; readonly value: string } | Extract<ExternalAnswer, { ok: false }>;

function refused(reason: string): Read {
  return { ok: false, problem: "refused", reason };
}

function readAnswer({ status, text }: { status: number; text: string }, member: "ciphertext" | "plaintext"): Read {
  if (status === 200) {
    const value = (parseObject(text).data as Record<string, unknown> | undefined)?.[member];
    return typeof value === "string" ? { ok: true, value } : unreadableAnswer;
  }
  // Vault says 400 for what does not open, and for nothing else that is asked here with a name in order.
  if (status === 400 && member === "plaintext") return { ok: false, problem: "invalid-ciphertext" };
  if (status >= 500 || status === 429) return { ok: false, problem: "unreachable", reason: `it answered ${status}` };
  return refused(`it answered ${status}`);
}
