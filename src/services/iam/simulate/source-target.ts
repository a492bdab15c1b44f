import { parseIamArn } from "../model/arns.ts";
import type { IamCall } from "../model/call.ts";
import { invalidInput } from "../model/errors.ts";
import { type EntityTarget, entityTarget } from "../model/targets.ts";

/** The user, group or role whose policies are looked at, by its ARN. Throws InvalidInput if the ARN is none's of this account. */
export async function sourceTarget(call: IamCall, arn: string): Promise<EntityTarget> {
  const parsed = parseIamArn(arn);
  const kind = parsed?.kind;
  if (
    parsed === null ||
    parsed.accountId !== call.account.id ||
    (kind !== "user" && kind !== "group" && kind !== "role")
  ) {
    throw invalidInput(`Invalid Entity Arn: ${arn.slice(0, 256)} does not clearly define entity type and name.`);
  }
  const target = await entityTarget(call, kind, parsed.name);
  return target.arn === arn ? target : { ...target, arn, entity: null };
}
