import type { ContextValue } from "../../../auth/policy/request.ts";
import type { EntityRow } from "../../../metadata/identities/entities.ts";

/** What a request for a session says, as trust policies may ask for it ("Condition keys for AWS STS"). */
export interface SessionRequest {
  readonly sessionName?: string | undefined;
  readonly externalId?: string | undefined;
  readonly sourceIdentity?: string | undefined;
  readonly durationSeconds?: number | undefined;
  readonly tags: readonly (readonly [key: string, value: string])[];
  readonly transitiveTagKeys: readonly string[];
}

/** By names in lower case. */
export function sessionContext(request: SessionRequest, role: EntityRow | null): Map<string, ContextValue> {
  const context = new Map<string, ContextValue>();
  const set = (key: string, value: string | undefined) => {
    if (value !== undefined) context.set(key, value);
  };
  set("sts:rolesessionname", request.sessionName);
  set("sts:externalid", request.externalId);
  set("sts:sourceidentity", request.sourceIdentity);
  set("sts:durationseconds", request.durationSeconds?.toString());
  if (request.transitiveTagKeys.length > 0) context.set("sts:transitivetagkeys", request.transitiveTagKeys);
  for (const [key, value] of request.tags) context.set(`aws:requesttag/${key.toLowerCase()}`, value);
  if (request.tags.length > 0) {
    context.set(
      "aws:tagkeys",
      request.tags.map(([key]) => key),
    );
  }
  for (const [key, value] of role?.tags ?? []) {
    context.set(`aws:resourcetag/${key.toLowerCase()}`, value);
    context.set(`iam:resourcetag/${key.toLowerCase()}`, value);
  }
  return context;
}
