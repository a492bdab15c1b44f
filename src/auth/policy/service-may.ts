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
  /** What else conditions may ask for, by keys in lower case. */
  readonly facts?: Readonly<Record<string, string>>;
  readonly nowMs: number;
}

/** Whether a resource's policy lets a service in. Nothing else can: services have no policies of their own. */
export function serviceMay(ask: ServiceAsk): boolean {
  const { service, action, resource, resourceAccountId, policy = "", source, facts: others = {}, nowMs } = ask;
  const parsed =
    typeof policy === "string"
      ? parsePolicy(policy, { kind: "resource", arn: resource })
      : ({ ok: true, policy } as const);
  if (!parsed.ok) return false;
  const facts = new Map([
    ...Object.entries(others),
    ["aws:sourcearn", source.arn],
    ["aws:sourceaccount", source.accountId],
    ["aws:sourceowner", source.accountId],
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
