import type { EntityRow, EntityTable } from "../metadata/identities/entities.ts";
import {
  entityOfArn,
  identifiedPrincipals,
  isUniqueId,
  namedPrincipals,
  replacePrincipals,
} from "./policy/principal-texts.ts";
import { roleArn, userArn } from "./principal.ts";

/*
 * Policies of buckets, roles, KMS keys and queues, and grants of keys, name users and roles by ARN, and mean those that have the name when they are put. So they are
 * kept with unique ids: a user that is made later under the name of a deleted one is not trusted. Follows "AWS JSON policy elements:
 * Principal" in the IAM User Guide.
 */

/**
 * The policy with the unique ids of the users and roles that it names. One that does not exist stays as it is named. One D1 round trip,
 * none if no user or role is named.
 */
export async function bindPrincipals(entities: Pick<EntityTable, "named">, text: string): Promise<string> {
  const named = namedPrincipals(text);
  return named.length === 0 ? text : replacePrincipals(text, await idsOf(entities, named));
}

/**
 * The policies as they are shown: with the ARNs that their principals have now, and the unique ids of those that were deleted. One D1
 * round trip for all, none if none has an id.
 */
export async function showPrincipals(
  entities: Pick<EntityTable, "withIds">,
  texts: readonly string[],
): Promise<string[]> {
  const ids = texts.flatMap(identifiedPrincipals);
  if (ids.length === 0) return [...texts];
  const arns = await arnsOf(entities, ids);
  return texts.map((text) => replacePrincipals(text, arns));
}

/**
 * What says principals as `bindPrincipals` keeps them: the unique id of a user or role that exists, otherwise as it is named. One D1 round
 * trip for all, none if none is a user or role.
 */
export async function boundPrincipals(
  entities: Pick<EntityTable, "named">,
  names: readonly string[],
): Promise<(name: string) => string> {
  const ids = await idsOf(
    entities,
    names.flatMap((name) => entityOfArn(name) ?? []),
  );
  return (name) => ids.get(name) ?? name;
}

/** Attributes of a queue or topic as they are kept: their policy as `bindPrincipals` has it. One D1 round trip at the most. */
export async function boundAttributes(
  entities: Pick<EntityTable, "named">,
  given: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, string>> {
  const policy = given.get("Policy");
  return policy ? new Map([...given, ["Policy", await bindPrincipals(entities, policy)]]) : given;
}

/** What shows principals as `showPrincipals` does. One D1 round trip for all, none if none has an id. */
export async function principalNames(
  entities: Pick<EntityTable, "withIds">,
  names: readonly string[],
): Promise<(name: string) => string> {
  const arns = await arnsOf(entities, names.filter(isUniqueId));
  return (name) => arns.get(name) ?? name;
}

/** Unique ids by ARNs, of those that exist. One D1 round trip, none for no name. */
async function idsOf(
  entities: Pick<EntityTable, "named">,
  named: Parameters<EntityTable["named"]>[0],
): Promise<ReadonlyMap<string, string>> {
  const rows = named.length === 0 ? [] : await entities.named(named);
  return new Map(rows.map((row) => [arnOf(row), row.id]));
}

/** ARNs by unique ids, of those that exist. One D1 round trip, none for no id. */
async function arnsOf(
  entities: Pick<EntityTable, "withIds">,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = ids.length === 0 ? [] : await entities.withIds([...new Set(ids)]);
  return new Map(rows.map((row) => [row.id, arnOf(row)]));
}

function arnOf({ accountId, kind, path, name }: EntityRow): string {
  return kind === "user" ? userArn(accountId, path, name) : roleArn(accountId, path, name);
}
