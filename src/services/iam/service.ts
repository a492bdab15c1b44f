import type { Caller } from "../../auth/access.ts";
import { currentAccount } from "../../auth/current-account.ts";
import { commonSigningRules } from "../../auth/sigv4/signing-rules.ts";
import type { Clock } from "../../base/clock.ts";
import type { RandomBytes } from "../../base/random.ts";
import { type QueryHandler, queryService } from "../../edge/query-service.ts";
import type { Service } from "../../edge/service.ts";
import { GuardError, MetadataUnavailable, TakenError } from "../../metadata/database.ts";
import type { Identities } from "../../metadata/identities/identities.ts";
import { QueryError } from "../../protocols/aws-query/error.ts";
import type { Sealer } from "../../sealing/root-sealer.ts";
import type { IamCall } from "./model/call.ts";
import type { IamOperation } from "./operation.ts";
import { operations } from "./operations.ts";

export interface IamParts {
  /** Of the first database. */
  readonly identities: Identities;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

/** Of a form. SimulateCustomPolicy takes several policies of 131,072 characters, which percent-encoding makes up to three times as long. */
const FORM_BYTES_MAX = 1024 * 1024;
/** How often an operation is tried if others change the account at the same time. Every loss means that somebody else won. */
const ATTEMPTS_MAX = 50;

/** AWS's IAM, API version 2010-05-08. */
export function iamService(parts: IamParts): Service {
  return queryService({
    name: "iam",
    signing: commonSigningRules("iam"),
    version: "2010-05-08",
    xmlns: "https://iam.amazonaws.com/doc/2010-05-08/",
    bytesMax: FORM_BYTES_MAX,
    operations: new Map(
      Object.entries(operations).map(([name, one]) => [name, one && handlerOf(parts, `iam:${name}`, one)]),
    ),
    unsigned: [],
  });
}

function handlerOf(parts: IamParts, action: string, operation: IamOperation): QueryHandler {
  return async ({ caller }, parameters) => {
    refuseTemporary(caller);
    for (let attempt = 1; ; attempt++) {
      try {
        return await operation.run(await beginAttempt(parts, caller), action, parameters);
      } catch (error) {
        if (isRace(error) && attempt < ATTEMPTS_MAX) continue;
        throw translate(error);
      }
    }
  };
}

/**
 * Throws InvalidClientTokenId for what GetSessionToken and GetFederationToken gave: without a second factor AWS lets neither call IAM. Else
 * credentials of an hour could make themselves a key that lasts.
 */
function refuseTemporary({ principal, session }: Caller): void {
  if (session === null || principal.kind === "roleSession") return;
  throw new QueryError("InvalidClientTokenId", 403, "The security token included in the request is invalid.");
}

/**
 * The account as it is now, with the caller's permissions of the same moment. Everything is read after it, and `change` is refused
 * if anything of the account was changed since: so a change is decided from what it finds.
 */
async function beginAttempt({ identities, sealer, clock, random }: IamParts, caller: Caller): Promise<IamCall> {
  const account = await currentAccount(identities, caller);
  const nowMs = clock.now();
  const seen = { id: account.id, seen: account.accessEpoch, nowMs };
  return {
    caller,
    account,
    identities,
    sealer,
    random,
    nowMs,
    change: async (statements) => {
      await identities.accounts.change(seen, statements);
    },
  };
}

/** Somebody else changed the account first, or a fresh id was taken. */
function isRace(error: unknown): boolean {
  return (error instanceof GuardError && error.guard === "access_changed") || error instanceof TakenError;
}

function translate(error: unknown): unknown {
  if (isRace(error)) {
    const message = "The identities of this account are being changed by other requests at the same time. Try again.";
    return new QueryError("ConcurrentModification", 409, message, { cause: error });
  }
  if (error instanceof MetadataUnavailable) {
    return new QueryError("ServiceUnavailable", 503, "The server's metadata cannot be reached.", { cause: error });
  }
  return error;
}
