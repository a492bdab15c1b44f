import { RequestCaller } from "../auth/caller.ts";
import type { ServicePrincipal } from "../auth/policy/principal.ts";
import type { ServiceUse } from "../sealing/data-keys.ts";

/** The service as a caller of the KMS. */
export function serviceCaller({ service, source }: ServiceUse, now: () => number): RequestCaller {
  const principal: ServicePrincipal = { kind: "service", service };
  const facts = new Map([
    ["aws:securetransport", "true"],
    ["aws:sourcearn", source.arn],
    ["aws:sourceaccount", source.accountId],
  ]);
  return new RequestCaller({
    identity: { principal, identityPolicies: [] },
    accessKeyId: null,
    facts: { now, context: (key) => facts.get(key) },
  });
}
