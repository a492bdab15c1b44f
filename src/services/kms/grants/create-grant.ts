import { createHash } from "node:crypto";
import { parsePrincipalName } from "../../../auth/policy/principal-name.ts";
import { boundPrincipals } from "../../../auth/policy-principals.ts";
import { toHex } from "../../../base/bytes.ts";
import { GRANT_OPERATIONS } from "../../../keyring/grants.ts";
import { keyringLimits } from "../../../keyring/limits.ts";
import { type GrantConstraints, type GrantRow, insertGrant } from "../../../metadata/keyring/grants.ts";
import { list, notBuilt, required, structure, text } from "../../../protocols/aws-json/fields.ts";
import type { KmsCall } from "../model/call.ts";
import { contextFrom } from "../model/context.ts";
import { requireDryRunEnds } from "../model/dry-run.ts";
import { invalidParameter, kmsError } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { grantTokenOf, requireGrantTokens } from "../model/grant-tokens.ts";
import { keyOperation } from "../operation.ts";

/** CreateGrant. It counts from the answer on. Grants of principals that may pass on what they have (CreateGrant) are not built. */
export const createGrant = keyOperation({
  fields: {
    GranteePrincipal: fields.principal,
    RetiringPrincipal: fields.principal,
    GranteeServicePrincipal: notBuilt(),
    RetiringServicePrincipal: notBuilt(),
    Operations: required(list(required(text({ oneOf: GRANT_OPERATIONS })), { min: 1, max: 32 })),
    Constraints: structure({
      EncryptionContextSubset: fields.encryptionContext,
      EncryptionContextEquals: fields.encryptionContext,
      SourceArn: notBuilt(),
    }),
    GrantTokens: fields.grantTokens,
    Name: text({ min: 1, max: 256, pattern: /^[a-zA-Z0-9:/_-]+$/ }),
    DryRun: fields.dryRun,
  },
  naming: { acrossAccounts: true },
  use: ({ Operations, GranteePrincipal, RetiringPrincipal, Constraints }) => ({
    more: new Map<string, string | readonly string[]>([
      ["kms:grantoperations", Operations],
      ["kms:grantisforawsresource", "false"],
      ...optional("kms:granteeprincipal", GranteePrincipal),
      ...optional("kms:retiringprincipal", RetiringPrincipal),
      ...optional("kms:grantconstrainttype", constraintType(Constraints)),
    ]),
  }),
  async run(call, input, held) {
    requireGrantTokens(input.GrantTokens);
    call.keyring.requireUsable(held);
    const { key, grants, epoch } = held;
    const constraints = constraintsFrom(input.Constraints);
    const asked = {
      keyId: key.id,
      accountId: call.accountId,
      name: input.Name ?? null,
      ...(await principalsOf(call, input)),
      operations: [...new Set(input.Operations)].sort(),
      constraints,
    };
    const same = asked.name === null ? undefined : grants.find((one) => identityOf(one) === identityOf(asked));
    requireDryRunEnds(input.DryRun);
    if (same !== undefined) return { GrantId: same.id, GrantToken: grantTokenOf(same.id) };
    if (grants.length >= keyringLimits.grantsPerKey) {
      throw kmsError("LimitExceededException", `A key may have ${keyringLimits.grantsPerKey} grants at the most.`);
    }
    const id = toHex(call.keyring.random(32));
    const grant: GrantRow = { ...asked, id, createdMs: call.nowMs };
    await call.change({ id: key.accountId, epoch }, [insertGrant(grant)]);
    return { GrantId: id, GrantToken: grantTokenOf(id) };
  },
});

/** Who is meant, as the grant's row has them. One D1 round trip at the most. */
async function principalsOf(
  { entities }: KmsCall,
  input: { readonly GranteePrincipal: string | undefined; readonly RetiringPrincipal: string | undefined },
): Promise<Pick<GrantRow, "grantee" | "retiring">> {
  const grantee = requirePrincipal("GranteePrincipal", input.GranteePrincipal);
  const retiring =
    input.RetiringPrincipal === undefined ? null : requirePrincipal("RetiringPrincipal", input.RetiringPrincipal);
  const bound = await boundPrincipals(entities, retiring === null ? [grantee] : [grantee, retiring]);
  return { grantee: bound(grantee), retiring: retiring === null ? null : bound(retiring) };
}

/** "GrantConstraints" in the KMS API Reference. */
const CONSTRAINT = { pairs: 8, characters: 384 } as const;

interface ConstraintsInput {
  readonly EncryptionContextSubset: ReadonlyMap<string, string> | undefined;
  readonly EncryptionContextEquals: ReadonlyMap<string, string> | undefined;
}

function constraintsFrom(input: ConstraintsInput | undefined): GrantConstraints | null {
  const { EncryptionContextSubset: subset, EncryptionContextEquals: whole } = input ?? {};
  if (subset === undefined && whole === undefined) return null;
  for (const one of [subset, whole]) {
    if (one !== undefined && (one.size > CONSTRAINT.pairs || [...one].flat().join("").length > CONSTRAINT.characters)) {
      throw invalidParameter(
        `A constraint may have ${CONSTRAINT.pairs} pairs and ${CONSTRAINT.characters} characters at the most.`,
      );
    }
  }
  return {
    ...(subset !== undefined && { EncryptionContextSubset: contextFrom(subset) }),
    ...(whole !== undefined && { EncryptionContextEquals: contextFrom(whole) }),
  };
}

function constraintType(input: ConstraintsInput | undefined): string | undefined {
  if (input?.EncryptionContextEquals !== undefined) return "EncryptionContextEquals";
  return input?.EncryptionContextSubset === undefined ? undefined : "EncryptionContextSubset";
}

function optional(name: string, value: string | undefined): [string, string][] {
  return value === undefined ? [] : [[name, value]];
}

/** An ARN of a root, user, role or session. */
function requirePrincipal(member: string, value: string | undefined): string {
  if (value === undefined) throw invalidParameter(`${member} must be given.`);
  const name = value.startsWith("arn:") ? parsePrincipalName("AWS", value) : null;
  if (name === null) throw kmsError("InvalidArnException", `${member} is no ARN of a principal: ${value}`);
  return value;
}

/** What makes a repeated request with a name the same grant. */
function identityOf({
  name,
  grantee,
  retiring,
  operations,
  constraints,
}: Omit<GrantRow, "id" | "keyId" | "accountId" | "createdMs">): string {
  const sorted = (pairs: Record<string, string> | undefined) => Object.entries(pairs ?? {}).sort();
  const of = [sorted(constraints?.EncryptionContextSubset), sorted(constraints?.EncryptionContextEquals)];
  return createHash("sha256")
    .update(JSON.stringify([name, grantee, retiring, operations, of]))
    .digest("hex");
}
