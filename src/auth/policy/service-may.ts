import { decide } from "./decide.ts";
import { parsePolicy } from "./parse.ts";
import type { Policy } from "./policy.ts";

/** What a service of this server does on behalf of a bucket or topic. */
export interface ServiceAsk {
  /** `s3.amazonaws.com` */
  readonly service: string;
  /** `sqs:SendMessage` */
  readonly action: string;
  /** ARN of what it wants to use. */
  readonly resource: string;
  readonly resourceAccountId: string;
  /** Of the resource: JSON text, or compiled. Undefined: it has none. */
  readonly policy: string | Policy | undefined;
  /** On whose behalf: `aws:SourceArn` and `aws:SourceAccount`. */
  readonly source: { readonly arn: string; readonly accountId: string };
  /** Further condition keys, in lower case, of what the service sends. */
  readonly facts?: Readonly<Record<string, string>>;
  readonly nowMs: number;
}

/**
 * Whether a resource's policy lets a service in. Nothing else can: services have no policies of their own.
 *
 * Condition keys as AWS gives them to service principals: `aws:SourceArn`, `aws:SourceAccount`, `aws:SecureTransport`, and what `decide`
 * knows of the principal (`aws:PrincipalIsAWSService`, `aws:PrincipalServiceName`). There is no `aws:SourceIp`.
 */
export function serviceMay(ask: ServiceAsk): boolean {
  const { service, action, resource, resourceAccountId, policy = "", source, facts: others, nowMs } = ask;
  const parsed =
    typeof policy === "string"
      ? parsePolicy(policy, { kind: "resource", arn: resource })
      : ({ ok: true, policy } as const);
  if (!parsed.ok) return false;
  const facts = new Map([
    ["aws:sourcearn", source.arn],
    ["aws:sourceaccount", source.accountId],
    ["aws:sourceowner", source.accountId],
    // It never leaves the server.
    ["aws:securetransport", "true"],
    ...Object.entries(others ?? {}),
  ]);
  const decision = decide({
    principal: { kind: "service", service },
    action,
    resource,
    resourceAccountId,
    resourcePolicy: parsed.policy,
    identityPolicies: [],
    context: (key) => facts.get(key),
    now: nowMs,
  });
  return decision.allowed;
}
