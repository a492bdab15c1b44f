import { findManagedPolicy } from "../../../auth/policy/managed-policies.ts";
import { parsePolicy } from "../../../auth/policy/parse.ts";
import type { Policy } from "../../../auth/policy/policy.ts";
import type { EntityKind, EntityRow } from "../../../metadata/identities/entities.ts";
import type { IamCall } from "../model/call.ts";
import { quotas } from "../model/quotas.ts";
import type { Source } from "./run.ts";

/** All policies that hold for a user, group or role, a user's groups' included. */
export async function policiesOf(call: IamCall, entity: EntityRow): Promise<Source[]> {
  const { entities } = call.identities;
  const groups = entity.kind === "user" ? await entities.groupsOf(entity.id, "", quotas.groupsPerUser) : [];
  const details = await entities.details([entity, ...groups]);
  const inline = details.flatMap(({ entity: holder, inline: own }) =>
    own.map(({ name, document }) => inlineSource(holder, name, document)),
  );
  const managed = await managedSources(call, [...new Set(details.flatMap(({ attached }) => attached))]);
  return [...inline, ...managed];
}

/** The permissions boundary; null without one. */
export async function boundaryOf(call: IamCall, entity: EntityRow): Promise<Source | null> {
  if (entity.boundary === null) return null;
  const [boundary] = await managedSources(call, [entity.boundary]);
  return boundary ?? null;
}

function inlineSource(holder: { kind: EntityKind; name: string }, name: string, document: string): Source {
  return { id: `${holder.kind}_${holder.name}_${name}`, type: holder.kind, policy: stored(document) };
}

async function managedSources(call: IamCall, arns: readonly string[]): Promise<Source[]> {
  const documents = await call.identities.policies.documents(arns);
  return arns.flatMap((arn): Source[] => {
    const aws = findManagedPolicy(arn);
    if (aws !== undefined) return [{ id: arn, type: "aws-managed", policy: aws.policy }];
    const document = documents.get(arn);
    return document === undefined ? [] : [{ id: arn, type: "user-managed", policy: stored(document) }];
  });
}

/** Policies were checked before they were stored. */
function stored(document: string): Policy {
  const parsed = parsePolicy(document, { kind: "identity" });
  if (!parsed.ok) throw new Error(`a stored policy is malformed: ${parsed.failure.kind}`);
  return parsed.policy;
}
