import type { HeldEntity, HeldIdentity, HeldPolicy } from "../../metadata/identities/principals.ts";
import type { Identity } from "../caller.ts";
import type { NamedPolicy } from "../policy/request.ts";
import { assumedRoleArn, federatedUserArn, type Principal, roleArn, rootArn, rootOf, userArn } from "../principal.ts";
import type { PolicyMemory } from "./policy-memory.ts";
import type { SessionClaims } from "./sessions.ts";

/** What the root user's federated users have if a session policy lets them: everything. */
const EVERYTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}';

/** The identity behind a long-lived key. */
export function keyIdentity(held: HeldIdentity, memory: PolicyMemory): Identity {
  const { account, entity } = held;
  const principal = entity === null ? rootOf(accountOf(account)) : userPrincipal(account, entity);
  return { principal, ...policiesOf(held, memory) };
}

/** The identity of a session, whose policies are its owner's, limited by those that were passed to make it. */
export function sessionIdentity(
  held: HeldIdentity,
  claims: SessionClaims,
  { memory, passed }: { memory: PolicyMemory /** By the claims' ARNs. */; passed: readonly NamedPolicy[] },
): Identity {
  const inline = claims.policy === null ? [] : [{ name: "session", policy: memory.compile(claims.policy, "session") }];
  const limits = [...inline, ...passed];
  const isFederatedRoot = claims.owner.kind === "federated" && claims.owner.issuerId === null;
  const policies = isFederatedRoot
    ? { identityPolicies: [{ name: "root", policy: memory.compile(EVERYTHING, "identity") }] }
    : policiesOf(held, memory);
  return {
    principal: sessionPrincipal(held, claims),
    ...policies,
    ...(limits.length > 0 && { sessionPolicies: limits }),
  };
}

function sessionPrincipal({ account, entity }: HeldIdentity, { owner, tags }: SessionClaims): Principal {
  if (owner.kind === "root") return rootOf(accountOf(account));
  const { id: accountId, canonicalId } = account;
  if (owner.kind === "federated") {
    const issuerArn = entity === null ? rootArn(accountId) : userArn(accountId, entity.path, entity.name);
    const arn = federatedUserArn(accountId, owner.name);
    const all = overlaid(entity?.tags ?? [], tags);
    const issuer = { issuerArn, ...(entity !== null && { issuerUniqueId: entity.id }) };
    return { kind: "federatedUser", arn, accountId, canonicalId, name: owner.name, ...issuer, tags: all };
  }
  if (entity === null) throw new Error("a session of a user or role that is none");
  if (owner.kind === "user") return userPrincipal(account, entity);
  const { sessionName, federatedProvider } = owner;
  return {
    kind: "roleSession",
    arn: assumedRoleArn(accountId, entity.name, sessionName),
    accountId,
    canonicalId,
    roleArn: roleArn(accountId, entity.path, entity.name),
    roleUniqueId: entity.id,
    sessionName,
    tags: overlaid(entity.tags, tags),
    ...(federatedProvider !== undefined && { federatedProvider }),
  };
}

/** Session tags over those of the role or user. Their keys ignore case, as in condition keys. */
function overlaid(own: HeldEntity["tags"], passed: SessionClaims["tags"]): Map<string, string> {
  const keys = new Set(passed.map(([key]) => key.toLowerCase()));
  return new Map([...own.filter(([key]) => !keys.has(key.toLowerCase())), ...passed]);
}

function userPrincipal(account: HeldIdentity["account"], { id, name, path, tags }: HeldEntity): Principal {
  const { id: accountId, canonicalId } = account;
  const arn = userArn(accountId, path, name);
  return { kind: "user", arn, accountId, canonicalId, name, uniqueId: id, tags: new Map(tags) };
}

function accountOf({ id, canonicalId, name }: HeldIdentity["account"]) {
  return { accountId: id, canonicalId, name };
}

function policiesOf(
  { policies }: HeldIdentity,
  memory: PolicyMemory,
): Pick<Identity, "identityPolicies" | "permissionsBoundary"> {
  const named = ({ name, document }: HeldPolicy) => ({
    name,
    policy: document === null ? memory.managed(name) : memory.compile(document, "identity"),
  });
  const boundary = policies.filter(({ by }) => by === "boundary").map(named)[0];
  return {
    identityPolicies: policies.filter(({ by }) => by !== "boundary").map(named),
    ...(boundary !== undefined && { permissionsBoundary: boundary }),
  };
}
