import type { Caller } from "../../auth/access.ts";
import { principalAccountId } from "../../auth/policy/principal.ts";
import { commonSigningRules } from "../../auth/sigv4/signing-rules.ts";
import { type JsonHandler, jsonService } from "../../edge/json-service.ts";
import type { Service } from "../../edge/service.ts";
import { KeyringError } from "../../keyring/failure.ts";
import type { Keyring } from "../../keyring/keyring.ts";
import { GuardError, MetadataUnavailable, TakenError } from "../../metadata/database.ts";
import type { Metadata } from "../../metadata/metadata.ts";
import type { KmsCall } from "./model/call.ts";
import { fromKeyring, kmsError } from "./model/errors.ts";
import type { KmsOperation } from "./operation.ts";
import { operations } from "./operations.ts";

export interface KmsParts {
  /** The first database. */
  readonly metadata: Metadata;
  readonly keyring: Keyring;
}

/** A policy of 131,072 characters, which JSON may escape, is the longest member. */
const BODY_BYTES_MAX = 1024 * 1024;
/** How often an operation is tried if others change the account at the same time. Every loss means that somebody else won. */
const ATTEMPTS_MAX = 50;

/** AWS KMS, API version 2014-11-01. */
export function kmsService(parts: KmsParts): Service {
  return jsonService({
    name: "kms",
    signing: commonSigningRules("kms"),
    jsonVersion: "1.1",
    targetPrefix: "TrentService",
    bytesMax: BODY_BYTES_MAX,
    operations: new Map(
      Object.entries(operations).map(([name, one]) => [name, one && handlerOf(parts, `kms:${name}`, one)]),
    ),
  });
}

function handlerOf(parts: KmsParts, action: string, operation: KmsOperation): JsonHandler {
  return async ({ caller }, input) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await operation.run(beginAttempt(parts, caller), action, input);
      } catch (error) {
        if (isRace(error) && attempt < ATTEMPTS_MAX) continue;
        throw translate(error);
      }
    }
  };
}

function beginAttempt({ metadata, keyring }: KmsParts, caller: Caller): KmsCall {
  const accountId = principalAccountId(caller.principal);
  if (accountId === null) throw new Error("a caller without an account");
  const { keyring: tables, identities } = caller.guard === null ? metadata : metadata.guardedBy(caller.guard);
  const nowMs = keyring.clock.now();
  return {
    ...{ caller, accountId, tables, keyring, nowMs, entities: identities.entities },
    async account() {
      const account = await tables.account(accountId);
      if (account === null) throw new Error(`a caller of account ${accountId}, which is none`);
      return account;
    },
    async change({ id, epoch }, statements) {
      await tables.change({ id, seen: epoch, nowMs }, statements);
    },
  };
}

/** Somebody else changed the account first, or a fresh id was taken. */
function isRace(error: unknown): boolean {
  return (error instanceof GuardError && error.guard === "access_changed") || error instanceof TakenError;
}

function translate(error: unknown): unknown {
  if (error instanceof KeyringError) return fromKeyring(error);
  if (isRace(error)) {
    return kmsError(
      "KMSInternalException",
      "The keys of this account are being changed by other requests at the same time.",
      {
        cause: error,
      },
    );
  }
  if (error instanceof MetadataUnavailable) {
    return kmsError("DependencyTimeoutException", "The server's metadata cannot be reached.", { cause: error });
  }
  return error;
}
