import type { Caller } from "../auth/access.ts";
import { type Decision, describeDenial } from "../auth/policy/decide.ts";
import { principalAccountId } from "../auth/policy/principal.ts";
import { fromBase64, toBase64, toHex } from "../base/bytes.ts";
import type { AccessGuard } from "../metadata/access-guard.ts";
import type { KeyringTables } from "../metadata/keyring/keyring.ts";
import type { HeldKmsKey, KeyName } from "../metadata/keyring/keys.ts";
import {
  type DataKeyFailure,
  DataKeyRefused,
  type DataKeyResult,
  type DataKeys,
  type EncryptionContext,
  type GenerateDataKey,
  type GeneratedDataKey,
  type SealedDataKey,
} from "../sealing/data-keys.ts";
import type { BucketKeys } from "./bucket-keys.ts";
import { parseCiphertext } from "./ciphertext.ts";
import { type KeyService, viaService } from "./default-policies.ts";
import { canonicalContext } from "./encryption-context.ts";
import { describeFailure, KeyringError, type KeyringFailure } from "./failure.ts";
import type { KeyMemory } from "./key-memory.ts";
import { missingKey, parseKeyName } from "./key-name.ts";
import type { Keyring } from "./keyring.ts";
import { managedAlias, managedKey } from "./managed-key.ts";

/** What all requests share. */
export interface SharedKeys {
  readonly keyring: Keyring;
  readonly tables: KeyringTables;
  readonly memory: KeyMemory;
  readonly bucketKeys: BucketKeys;
}

const DATA_KEY_BYTES = 32;

/** A key that may have made data keys. */
export interface OpenableKey {
  readonly keyId: string;
  /** Whose key is meant by a name alone. */
  readonly accountId: string;
  readonly context: EncryptionContext;
}

/** One key as a request named it, and what it was asked for. */
interface Use {
  readonly name: KeyName;
  /** The account of the name. */
  readonly accountId: string;
  readonly action: "kms:GenerateDataKey" | "kms:Decrypt";
  readonly context: EncryptionContext;
}

/** Who asks, and how. */
export interface KeyCaller {
  readonly caller: Caller;
  /** Whose aliases and keys are meant by names alone, and whose epoch is asked for. Absent: the caller's account. */
  readonly accountId?: string | null;
  /** The service that asks for them. */
  readonly service: KeyService;
  /** `kms:ViaService`. Absent: the service asks for itself and comes by none. */
  readonly via?: KeyService | undefined;
  /** True: each key is read anew, and nothing that was remembered before is taken for true. */
  readonly isFresh?: boolean;
}

/**
 * The data keys of one request. A key that is remembered costs no D1 round trip: `guard` sees to it that every batch of the
 * request finds out whether the account's access epoch, and with it the key, is still what is remembered.
 */
export class CallersKeys implements DataKeys {
  /** To be used in place of the caller's own guard, which it includes. Null: nothing is remembered that could become void. */
  readonly guard: AccessGuard | null;
  readonly #shared: SharedKeys;
  readonly #caller: Caller;
  readonly #service: KeyService;
  readonly #via: KeyService | undefined;
  readonly #accountId: string | null;
  /** Of a caller without a guard: the epoch of their account that remembered keys must have; null: none is remembered. */
  #epoch: number | null;
  /** A batch of this request has found that epoch. */
  #isConfirmed = false;
  readonly #uses: Use[] = [];

  constructor(shared: SharedKeys, { caller, accountId, service, via, isFresh = false }: KeyCaller) {
    this.#shared = shared;
    this.#caller = caller;
    this.#service = service;
    this.#via = via;
    this.#accountId = accountId ?? principalAccountId(caller.principal);
    this.#epoch = this.#accountId === null || isFresh ? null : shared.memory.epochOf(this.#accountId);
    this.guard = this.#makeGuard();
  }

  async generate(request: GenerateDataKey): Promise<DataKeyResult<GeneratedDataKey>> {
    const { keyring, bucketKeys } = this.#shared;
    const { keyId, context, mayReuse, reuseSeconds } = request;
    const parsed = this.#parse(keyId ?? managedAlias(this.#service), request.accountId);
    if (!parsed.ok) return parsed;
    const use: Use = { ...parsed, action: "kms:GenerateDataKey", context };
    return this.#attempt(async () => {
      const held = await this.#allowed(use, { isEvident: false });
      if (request.alsoDecrypt) await this.#alsoAllowed(held, { ...use, action: "kms:Decrypt" });
      const keyArn = keyring.arnOf(held.key);
      const id = mayReuse ? this.#reuseId(held, context) : null;
      const known = id === null ? null : bucketKeys.find(id, reuseSeconds);
      if (known !== null) return { ...known, keyArn };
      const plain = keyring.random(DATA_KEY_BYTES);
      const sealed = toBase64(await keyring.encrypt(held, plain, context));
      if (id !== null) bucketKeys.remember(id, { plain, sealed });
      return { plain, sealed, keyArn };
    });
  }

  /**
   * Whether the caller may open data keys of this key: `kms:Decrypt`, and the key can be used. What is remembered is enough, as in
   * `generate`.
   */
  async mayOpen({ keyId, accountId, context }: OpenableKey): Promise<DataKeyResult<object>> {
    const parsed = this.#parse(keyId, accountId);
    if (!parsed.ok) return parsed;
    const use: Use = { ...parsed, action: "kms:Decrypt", context };
    return this.#attempt(() => this.#allowed(use, { isEvident: false }).then(() => ({})));
  }

  async open({
    sealed,
    keyArn,
    context,
    reuseSeconds,
  }: SealedDataKey): Promise<DataKeyResult<{ readonly plain: Uint8Array }>> {
    const { keyring, bucketKeys } = this.#shared;
    const ciphertext = parseCiphertext(fromBase64(sealed) ?? new Uint8Array(0));
    const parsed = this.#parse(keyArn);
    if (!parsed.ok || ciphertext === null) return { ok: false, failure: { kind: "invalid-ciphertext", keyArn } };
    const use: Use = { ...parsed, action: "kms:Decrypt", context };
    return this.#attempt(async () => {
      const held = await this.#allowed(use, { isEvident: true });
      // A key that is held elsewhere is asked once for all objects of a bucket key. Keys of our own open in microseconds.
      const id =
        held.key.externalStore !== null && (reuseSeconds !== undefined || isOfBucket(context))
          ? `open ${held.key.id} ${sealed} ${contextText(context)}`
          : null;
      const known = id === null ? null : bucketKeys.find(id, reuseSeconds);
      if (known !== null) return { plain: known.plain };
      const plain = await keyring.decrypt(held, ciphertext, context);
      if (id !== null) bucketKeys.remember(id, { plain, sealed });
      return { plain };
    });
  }

  #parse(
    text: string,
    ownerId?: string,
  ): ({ ok: true } & Pick<Use, "name" | "accountId">) | { ok: false; failure: DataKeyFailure } {
    const accountId = this.#accountId;
    if (accountId === null) {
      const message =
        "Requests specifying Server Side Encryption with AWS KMS managed keys must be made by a known caller.";
      return { ok: false, failure: { kind: "access-denied", message } };
    }
    const place = { accountId: ownerId ?? accountId, region: this.#shared.keyring.region };
    const parsed = parseKeyName(text, place);
    if (!parsed.ok) return { ok: false, failure: { kind: "not-found", message: parsed.message } };
    return { ok: true, name: parsed.name, accountId: parsed.accountId ?? place.accountId };
  }

  async #attempt<T extends object>(work: () => Promise<T>): Promise<DataKeyResult<T>> {
    try {
      return { ok: true, ...(await work()) };
    } catch (error) {
      if (error instanceof DataKeyRefused) return { ok: false, failure: error.failure };
      if (error instanceof KeyringError) return { ok: false, failure: fromKeyring(error.failure) };
      throw error;
    }
  }

  /**
   * The key, which the caller may use. What is remembered is enough to allow if a batch finds out before anything is answered (`isEvident`: one has to
   * have done so already); it is never enough to refuse.
   */
  async #allowed(use: Use, { isEvident }: { isEvident: boolean }): Promise<HeldKmsKey> {
    const known = this.#recall(use, isEvident);
    if (known !== null && this.#problem(known, use) === null) {
      this.#uses.push(use);
      return known;
    }
    return this.#readAllowed(use);
  }

  /** Another use of a key that was found for this request: it is read again before that is refused. */
  async #alsoAllowed(held: HeldKmsKey, use: Use): Promise<void> {
    if (this.#problem(held, use) === null) this.#uses.push(use);
    else await this.#readAllowed(use);
  }

  async #readAllowed(use: Use): Promise<HeldKmsKey> {
    const held = await this.#read(use);
    const failure = this.#problem(held, use);
    if (failure !== null) throw new DataKeyRefused(failure);
    this.#uses.push(use);
    return held as HeldKmsKey;
  }

  #recall({ name, accountId }: Use, isEvident: boolean): HeldKmsKey | null {
    // Only the caller's own account is in the guard.
    const epoch = this.#caller.guard === null ? this.#epoch : this.#caller.guard.epoch();
    if (accountId !== this.#accountId || epoch === null || (isEvident && !this.#isConfirmed)) return null;
    return this.#shared.memory.find(name, accountId, epoch);
  }

  async #read({ name, accountId }: Use): Promise<HeldKmsKey | null> {
    const { tables, memory, keyring } = this.#shared;
    const service = this.#service;
    const isManaged = name.kind === "alias" && name.name === managedAlias(service) && accountId === this.#accountId;
    const held = isManaged
      ? await managedKey({ tables, keyring }, { service, accountId })
      : await tables.keys.find(name);
    if (held === null || held.key.accountId !== accountId) return null;
    memory.remember(name, held);
    if (name.kind === "alias") memory.remember({ kind: "id", id: held.key.id }, held);
    if (accountId === this.#accountId && this.#caller.guard === null) {
      const isAnother = this.#epoch !== null && this.#epoch !== held.epoch;
      this.#epoch = held.epoch;
      this.#isConfirmed = true;
      // What was used before was remembered from an epoch that the guard no longer asks for.
      if (isAnother) await this.#validate();
    }
    return held;
  }

  /** What keeps the caller from this use; null: nothing. */
  #problem(held: HeldKmsKey | null, use: Use): DataKeyFailure | null {
    const { keyring } = this.#shared;
    const { region } = keyring;
    if (held === null) {
      if (use.accountId !== this.#accountId) return { kind: "access-denied", message: "The key is not to be used." };
      return { kind: "not-found", message: missingKey(use.name, { accountId: use.accountId, region }) };
    }
    const requestAlias = use.name.kind === "alias" ? use.name.name : undefined;
    const { principal } = this.#caller;
    const asked = {
      action: use.action,
      region,
      encryptionContext: use.context,
      viaService: this.#via && viaService(this.#via, region),
      requestAlias,
    };
    const ask = keyring.access.ask(held, principal, asked);
    const decision = this.#caller.decide(ask);
    if (!decision.allowed) return denied(principal, ask, decision);
    const failure = keyring.stateFailure(held.key);
    return failure && fromKeyring(failure);
  }

  /** Per caller, key and material, so that a rotated key and another caller have their own. */
  #reuseId({ key }: HeldKmsKey, context: EncryptionContext): string {
    const { principal } = this.#caller;
    const who = nameOf(principal);
    return `new ${who} ${key.id} ${key.material} ${contextText(context)}`;
  }

  #makeGuard(): AccessGuard | null {
    const own = this.#caller.guard;
    const accountId = this.#accountId;
    if (own !== null) {
      const confirm = () => {
        own.confirm();
        this.#isConfirmed = true;
      };
      const renew = async () => {
        await own.renew();
        this.#isConfirmed = true;
        await this.#validate();
      };
      return { accountId: own.accountId, epoch: () => own.epoch(), confirm, renew };
    }
    if (accountId === null) return null;
    return {
      accountId,
      epoch: () => this.#epoch,
      confirm: () => {
        this.#isConfirmed = true;
      },
      renew: async () => {
        this.#shared.memory.forget(accountId);
        this.#epoch = await this.#shared.tables.epoch(accountId);
        this.#isConfirmed = true;
        await this.#validate();
      },
    };
  }

  /** Reads anew what was used so far, and throws `DataKeyRefused` if any of it may be used no longer. */
  async #validate(): Promise<void> {
    for (const use of this.#uses.splice(0)) await this.#readAllowed(use);
  }
}

/** The context of a bucket key names the bucket, that of an object's own data key the object. */
function isOfBucket(context: EncryptionContext): boolean {
  return /^arn:aws:s3:::[^/]+$/.test(context["aws:s3:arn"] ?? "");
}

function contextText(context: EncryptionContext): string {
  return toHex(canonicalContext(context));
}

function nameOf(principal: Caller["principal"]): string {
  if (principal.kind === "service") return principal.service;
  return "arn" in principal ? principal.arn : principal.kind;
}

function denied(
  principal: Caller["principal"],
  { action, resource }: { action: string; resource: string },
  { reason }: Extract<Decision, { allowed: false }>,
): DataKeyFailure {
  const who = nameOf(principal);
  const what = `${action} on resource: ${resource} ${describeDenial(reason, action)}`;
  return { kind: "access-denied", message: `User: ${who} is not authorized to perform: ${what}` };
}

function fromKeyring(failure: KeyringFailure): DataKeyFailure {
  switch (failure.kind) {
    case "not-found":
    case "disabled":
    case "pending-deletion":
      return failure;
    case "invalid-ciphertext":
      return { kind: "invalid-ciphertext", keyArn: "" };
    case "refused":
    // Another attempt meets the same configuration.
    case "unreadable":
      return { kind: "access-denied", message: describeFailure(failure) };
    case "unreachable":
      return { kind: "unavailable", reason: describeFailure(failure) };
  }
}
