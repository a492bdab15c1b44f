import type { PolicyPrincipal } from "../../../auth/policy/principal.ts";
import type { AccountRow } from "../../../metadata/identities/accounts.ts";
import type { EntityRow } from "../../../metadata/identities/entities.ts";
import { entityArn, iamArn, parseIamArn } from "../model/arns.ts";
import { invalidInput } from "../model/errors.ts";

/** The session name of a simulated role. */
const SESSION = "simulation";

/** The caller of a custom simulation: a user's ARN, or somebody of the account whose name does not matter. */
export function customPrincipal(account: AccountRow, callerArn: string | undefined): PolicyPrincipal {
  const { id: accountId, canonicalId } = account;
  const arn = callerArn ?? iamArn(accountId, "user/simulated");
  const parsed = parseIamArn(arn);
  if (parsed === null || parsed.kind !== "user" || parsed.name === "" || !/^\d{12}$/.test(parsed.accountId)) {
    throw invalidInput("CallerArn must be the ARN of an IAM user.");
  }
  const own = parsed.accountId === accountId;
  return {
    kind: "user",
    arn,
    accountId: parsed.accountId,
    canonicalId: own ? canonicalId : "",
    name: parsed.name,
    uniqueId: "",
  };
}

/** An entity as the principal of a simulation. A group's policies are those of a user of it. */
export function entityPrincipal(account: AccountRow, entity: EntityRow): PolicyPrincipal {
  const { id: accountId, canonicalId } = account;
  const tags = new Map(entity.tags);
  const member = { accountId, canonicalId, tags };
  if (entity.kind === "role") {
    const arn = `arn:aws:sts::${accountId}:assumed-role/${entity.name}/${SESSION}`;
    return {
      ...member,
      kind: "roleSession",
      arn,
      roleArn: entityArn(entity),
      roleUniqueId: entity.id,
      sessionName: SESSION,
    };
  }
  if (entity.kind === "user") {
    return { ...member, kind: "user", arn: entityArn(entity), name: entity.name, uniqueId: entity.id };
  }
  return { ...member, kind: "user", arn: iamArn(accountId, "user/simulated"), name: "simulated", uniqueId: "" };
}
