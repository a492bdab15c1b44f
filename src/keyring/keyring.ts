import { concat } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import type { RandomBytes } from "../base/random.ts";
import type { HeldKmsKey, KmsKeyRow, MaterialRow } from "../metadata/keyring/keys.ts";
import type { EncryptionContext } from "../sealing/data-keys.ts";
import type { Sealer } from "../sealing/root-sealer.ts";
import { KeyAccess } from "./access.ts";
import { decryptUnder, encryptUnder } from "./cipher.ts";
import { type Ciphertext, ciphertextHead, formatCiphertext } from "./ciphertext.ts";
import { canonicalContext } from "./encryption-context.ts";
import type { ExternalKms, KmsStore } from "./external/external-kms.ts";
import { KeyringError, type KeyringFailure } from "./failure.ts";
import { keyArn } from "./key-name.ts";
import { Materials } from "./materials.ts";

export interface KeyringParts {
  /** What seals key materials: the first seals, any may open. */
  readonly sealers: readonly [Sealer, ...Sealer[]];
  /** Places that hold keys, by their names in the configuration. */
  readonly external: ReadonlyMap<string, KmsStore>;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** Of all keys' ARNs. */
  readonly region: string;
}

/**
 * What keys of the KMS do: encrypt and decrypt with a context. Who may is asked by `access`, and the rows come from the metadata; here is
 * neither a caller nor a request.
 */
export class Keyring {
  readonly region: string;
  readonly access = new KeyAccess();
  readonly materials: Materials;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly external: KeyringParts["external"];

  constructor({ sealers, external, clock, random, region }: KeyringParts) {
    this.region = region;
    this.external = external;
    this.clock = clock;
    this.random = random;
    this.materials = new Materials(sealers, random);
  }

  arnOf(key: Pick<KmsKeyRow, "accountId" | "id">): string {
    return keyArn(key, this.region);
  }

  /** Throws `KeyringError` unless the key may encrypt and decrypt. */
  requireUsable({ key }: HeldKmsKey): void {
    const failure = this.stateFailure(key);
    if (failure !== null) throw new KeyringError(failure);
  }

  stateFailure(key: KmsKeyRow): KeyringFailure | null {
    if (key.state === "Enabled") return null;
    return { kind: key.state === "Disabled" ? "disabled" : "pending-deletion", keyArn: this.arnOf(key) };
  }

  /**
   * Encrypts with the key's current material. The result is at most 6,144 bytes for 4,096. Throws `KeyringError`: not usable,
   * unreadable, or what the place that holds the key says.
   */
  async encrypt(held: HeldKmsKey, plain: Uint8Array, context: EncryptionContext): Promise<Uint8Array> {
    this.requireUsable(held);
    const { id: keyId, material } = held.key;
    if (held.key.externalStore !== null) {
      const sealed = await this.#elsewhere(held.key, (kms, name) => kms.encrypt(name, plain, withKey(keyId, context)));
      return formatCiphertext({ keyId, material: 0, sealed });
    }
    const opened = this.#open(held, material);
    const additional = concat([ciphertextHead({ keyId, material }), canonicalContext(context)]);
    return formatCiphertext({ keyId, material, sealed: encryptUnder(opened, { plain, additional }, this.random) });
  }

  /** Throws `KeyringError`: as `encrypt`, or invalid-ciphertext. */
  async decrypt(held: HeldKmsKey, ciphertext: Ciphertext, context: EncryptionContext): Promise<Uint8Array> {
    this.requireUsable(held);
    const { sealed, material } = ciphertext;
    const isElsewhere = held.key.externalStore !== null;
    if (ciphertext.keyId !== held.key.id || isElsewhere !== (material === 0)) throw invalidCiphertext();
    if (isElsewhere) {
      const whole = withKey(held.key.id, context);
      return this.#elsewhere(held.key, (kms, name) => kms.decrypt(name, sealed, whole));
    }
    if (!held.materials.some(({ number }) => number === material)) throw invalidCiphertext();
    const additional = concat([ciphertextHead(ciphertext), canonicalContext(context)]);
    const plain = decryptUnder(this.#open(held, material), { sealed, additional });
    if (plain === null) throw invalidCiphertext();
    return plain;
  }

  /** The id of the material that encrypts, or of the one of that number; undefined: the key is held elsewhere. */
  materialIdOf({ key, materials }: HeldKmsKey, number = key.material): string | undefined {
    return materials.find((material) => material.number === number)?.id;
  }

  #open(held: HeldKmsKey, number: number): Uint8Array {
    const row = held.materials.find((material: MaterialRow) => material.number === number);
    const opened = row === undefined ? null : this.materials.open(row);
    if (opened !== null) return opened;
    const reason = "no configured root secret opens its key material";
    throw new KeyringError({ kind: "unreadable", keyArn: this.arnOf(held.key), reason });
  }

  async #elsewhere(
    key: KmsKeyRow,
    ask: (kms: ExternalKms, externalKey: string) => ReturnType<ExternalKms["encrypt"]>,
  ): Promise<Uint8Array> {
    const arn = this.arnOf(key);
    const store = this.external.get(key.externalStore ?? "");
    if (store === undefined || key.externalKey === null) {
      const reason = `SHERD_KMS_STORES names no ${key.externalStore}`;
      throw new KeyringError({ kind: "unreadable", keyArn: arn, reason });
    }
    const answer = await ask(store.kms, key.externalKey);
    if (answer.ok) return answer.bytes;
    if (answer.problem === "invalid-ciphertext") throw invalidCiphertext();
    throw new KeyringError({ kind: answer.problem, keyArn: arn, reason: answer.reason });
  }
}

/** Several keys may be held as the same key elsewhere: what one of them encrypted must not open as another's. */
function withKey(keyId: string, context: EncryptionContext): EncryptionContext {
  return { ...context, "sherd:key-id": keyId };
}

function invalidCiphertext(): KeyringError {
  return new KeyringError({ kind: "invalid-ciphertext" });
}
