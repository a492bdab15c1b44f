import { currentAccount } from "../../auth/current-account.ts";
import type { Sessions } from "../../auth/keys/sessions.ts";
import { commonSigningRules } from "../../auth/sigv4/signing-rules.ts";
import type { Clock } from "../../base/clock.ts";
import { type QueryHandler, queryService } from "../../edge/query-service.ts";
import type { Service } from "../../edge/service.ts";
import { GuardError, MetadataUnavailable } from "../../metadata/database.ts";
import type { Identities } from "../../metadata/identities/identities.ts";
import { QueryError } from "../../protocols/aws-query/error.ts";
import { WebIdentities } from "./oidc/web-identities.ts";
import type { StsOperation } from "./operation.ts";
import { operations } from "./operations.ts";

export interface StsParts {
  /** Of the first database. */
  readonly identities: Identities;
  readonly sessions: Sessions;
  readonly clock: Clock;
  /** For the configuration and keys of OpenID Connect providers. */
  readonly fetch: typeof fetch;
}

const FORM_BYTES_MAX = 256 * 1024;

/** AWS's STS, API version 2011-06-15. */
export function stsService(parts: StsParts): Service {
  const webIdentities = new WebIdentities(parts);
  return queryService({
    name: "sts",
    signing: commonSigningRules("sts"),
    version: "2011-06-15",
    xmlns: "https://sts.amazonaws.com/doc/2011-06-15/",
    bytesMax: FORM_BYTES_MAX,
    operations: new Map(
      Object.entries(operations).map(([name, one]) => [name, one && handlerOf(parts, webIdentities, one)]),
    ),
    unsigned: ["AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"],
  });
}

function handlerOf(
  { identities, sessions, clock }: StsParts,
  webIdentities: WebIdentities,
  run: StsOperation,
): QueryHandler {
  return async ({ caller, facts }, parameters) => {
    try {
      const account = caller.principal.kind === "anonymous" ? null : await currentAccount(identities, caller);
      return await run({ caller, account, facts, identities, sessions, webIdentities, nowMs: clock.now() }, parameters);
    } catch (error) {
      throw translate(error);
    }
  };
}

function translate(error: unknown): unknown {
  if (error instanceof GuardError) {
    return new QueryError("Throttling", 400, "What the caller may do is being changed. Try again.", { cause: error });
  }
  if (error instanceof MetadataUnavailable) {
    return new QueryError("ServiceUnavailable", 503, "The server's metadata cannot be reached.", { cause: error });
  }
  return error;
}
