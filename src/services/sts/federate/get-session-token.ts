import { credentialsDocument } from "../model/credentials.ts";
import { refuseSecondFactor } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { operation } from "../operation.ts";
import { durationOf, longLivedCaller } from "./long-lived-caller.ts";

/** Temporary credentials of the caller itself. Needs no permission, as at AWS: they can do nothing that the caller cannot. */
export const getSessionToken = operation(
  { DurationSeconds: fields.tokenDuration, ...fields.secondFactor },
  async (call, input) => {
    refuseSecondFactor(input);
    const self = longLivedCaller(call, "GetSessionToken");
    const credentials = call.sessions.mint({
      accountId: self.account.id,
      owner: self.userId === null ? { kind: "root" } : { kind: "user", id: self.userId },
      issuedMs: call.nowMs,
      expiresMs: call.nowMs + durationOf(self, input.DurationSeconds) * 1000,
      policy: null,
      policyArns: [],
      tags: [],
      sourceIdentity: null,
      transitiveTagKeys: [],
    });
    return { Credentials: credentialsDocument(credentials) };
  },
);
