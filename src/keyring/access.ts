import type { Ask } from "../auth/access.ts";
import type { PolicyFailure } from "../auth/policy/failure.ts";
import { parsePolicy } from "../auth/policy/parse.ts";
import { CompiledPolicy, type Policy } from "../auth/policy/policy.ts";
import { principalAccountId } from "../auth/policy/principal.ts";
import type { ContextValue } from "../auth/policy/request.ts";
import type { Statement } from "../auth/policy/statement.ts";
import type { Principal } from "../auth/principal.ts";
import type { HeldKmsKey, KmsKeyRow } from "../metadata/keyring/keys.ts";
import type { EncryptionContext } from "../sealing/data-keys.ts";
import { grantStatements, grantsFor } from "./grants.ts";
import { keyArn } from "./key-name.ts";

/** What a decision about a key depends on besides the key and its caller. */
export interface KeyUse {
  /** `kms:Decrypt` */
  readonly action: string;
  readonly region: string;
  /** Of a cryptographic operation, if it takes one. */
  readonly encryptionContext?: EncryptionContext | undefined;
  /** The service that asks for its caller: `s3.us-east-1.amazonaws.com`. */
  readonly viaService?: string | undefined;
  /** The alias that the key was named by. */
  readonly requestAlias?: string | undefined;
  /** Condition keys of the operation's own, by their names in lower case. */
  readonly more?: ReadonlyMap<string, ContextValue> | undefined;
}

/** Key policies compiled, whatever key has them. */
const POLICIES_MAX = 500;

/** Asks whether a caller may do something with a key: by its policy, which the account's own policies count beside if it says so, and by its grants. */
export class KeyAccess {
  readonly #policies = new Map<string, Policy>();

  /**
   * The ask for one action on one key, for `Caller.decide`. A key policy that does not name the account keeps the account's own
   * policies from counting ("required").
   *
   * Follows "Determining access to AWS KMS keys" and "Condition keys for AWS KMS" in the AWS KMS Developer Guide.
   */
  ask(held: HeldKmsKey, principal: Principal, use: KeyUse): Ask {
    const context = contextOf(held, principal, use);
    const policy = this.#compile(held.key, use.region);
    const grants = grantStatements(grantsFor(held.grants, use), policy.statements.length);
    return {
      action: use.action,
      resource: keyArn(held.key, use.region),
      resourceAccountId: held.key.accountId,
      resourcePolicy: grants.length === 0 ? policy : withStatements(policy, grants),
      resourcePolicyMode: "required",
      context: (key) => context.get(key),
    };
  }

  #compile(key: KmsKeyRow, region: string): Policy {
    const id = `${key.id} ${key.policy}`;
    const known = this.#policies.get(id);
    if (known !== undefined) {
      this.#policies.delete(id);
      this.#policies.set(id, known);
      return known;
    }
    const compiled = compileKeyPolicy(key.policy, keyArn(key, region));
    if (!compiled.ok) throw new Error(`a stored key policy cannot be read: ${JSON.stringify(compiled.failure)}`);
    this.#policies.set(id, compiled.policy);
    const [oldest] = this.#policies.keys();
    if (this.#policies.size > POLICIES_MAX && oldest !== undefined) this.#policies.delete(oldest);
    return compiled.policy;
  }
}

/** A key's policy. A statement without a Resource has no effect, as AWS has it. */
export function compileKeyPolicy(
  text: string,
  arn: string,
): { ok: true; policy: Policy } | { ok: false; failure: PolicyFailure } {
  const parsed = parsePolicy(text, { kind: "resource", arn });
  if (!parsed.ok) return parsed;
  const { policy } = parsed;
  const effective = policy.statements.filter(({ resources }) => resources !== null);
  return { ok: true, policy: new CompiledPolicy({ ...partsOf(policy), statements: effective }) };
}

function withStatements(policy: Policy, more: readonly Statement[]): Policy {
  return new CompiledPolicy({ ...partsOf(policy), statements: [...policy.statements, ...more] });
}

function partsOf({ source, version, id }: Policy) {
  return { source, version, id };
}

function contextOf({ key, aliases }: HeldKmsKey, principal: Principal, use: KeyUse): ReadonlyMap<string, ContextValue> {
  const context = new Map<string, ContextValue>(keyFacts(key));
  const account = principalAccountId(principal);
  if (account !== null) context.set("kms:calleraccount", account);
  if (use.viaService !== undefined) context.set("kms:viaservice", use.viaService);
  if (use.requestAlias !== undefined) context.set("kms:requestalias", use.requestAlias);
  if (aliases.length > 0) context.set("kms:resourcealiases", aliases);
  if (use.encryptionContext !== undefined) {
    context.set("kms:encryptionalgorithm", "SYMMETRIC_DEFAULT");
    const pairs = Object.entries(use.encryptionContext);
    if (pairs.length > 0) {
      context.set(
        "kms:encryptioncontextkeys",
        pairs.map(([name]) => name),
      );
    }
    for (const [name, value] of pairs) context.set(`kms:encryptioncontext:${name.toLowerCase()}`, value);
  }
  for (const [name, value] of use.more ?? []) context.set(name, value);
  return context;
}

function keyFacts({ tags, externalStore }: KmsKeyRow): [string, ContextValue][] {
  return [
    ["kms:keyorigin", externalStore === null ? "AWS_KMS" : "EXTERNAL_KEY_STORE"],
    ["kms:keyspec", "SYMMETRIC_DEFAULT"],
    ["kms:keyusage", "ENCRYPT_DECRYPT"],
    ["kms:multiregion", "false"],
    ...tags.map(([name, value]): [string, ContextValue] => [`aws:resourcetag/${name.toLowerCase()}`, value]),
  ];
}
