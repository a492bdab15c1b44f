import { compilePattern, type Pattern } from "../auth/policy/pattern.ts";
import { parsePrincipalName } from "../auth/policy/principal-name.ts";
import { compileResource, type ResourcePattern } from "../auth/policy/resource-pattern.ts";
import type { Statement } from "../auth/policy/statement.ts";
import type { GrantConstraints, GrantRow } from "../metadata/keyring/grants.ts";
import type { EncryptionContext } from "../sealing/data-keys.ts";

/** What a grant can let somebody do with a symmetric key. AWS has CreateGrant too: passing on what one has is not built. */
export const GRANT_OPERATIONS = [
  "Decrypt",
  "Encrypt",
  "GenerateDataKey",
  "GenerateDataKeyWithoutPlaintext",
  "ReEncryptFrom",
  "ReEncryptTo",
  "RetireGrant",
  "DescribeKey",
] as const;

interface Use {
  /** `kms:Decrypt` */
  readonly action: string;
  readonly encryptionContext?: EncryptionContext | undefined;
}

/**
 * The grants that let their grantee do this, whoever that is.
 *
 * Follows "Grants in AWS KMS" in the AWS KMS Developer Guide. Names and values of the context are compared with their case.
 */
export function grantsFor(grants: readonly GrantRow[], { action, encryptionContext }: Use): GrantRow[] {
  const operation = action.slice("kms:".length);
  return grants.filter(
    ({ operations, constraints }) => operations.includes(operation) && fulfils(constraints, encryptionContext),
  );
}

/** Operations that take no encryption context are not constrained by one. */
function fulfils(constraints: GrantConstraints | null, context: EncryptionContext | undefined): boolean {
  if (constraints === null || context === undefined) return true;
  const { EncryptionContextSubset: subset, EncryptionContextEquals: whole } = constraints;
  const has = (pairs: Record<string, string>) =>
    Object.entries(pairs).every(([name, value]) => Object.hasOwn(context, name) && context[name] === value);
  if (subset !== undefined && !has(subset)) return false;
  return whole === undefined || (has(whole) && Object.keys(whole).length === Object.keys(context).length);
}

const anything: { not: boolean; patterns: readonly Pattern[] } = {
  not: false,
  patterns: [compilePattern("*", { wildcards: true, variables: false }) as Pattern],
};
const everywhere = { not: false, patterns: [compileResource("*", { variables: false }) as ResourcePattern] };

/** Each grant as a statement that allows its grantee: they count beside the key policy's, and a Deny of that goes before them. */
export function grantStatements(grants: readonly GrantRow[], firstIndex: number): Statement[] {
  return grants.flatMap(({ id, grantee }, offset) => {
    const name = parsePrincipalName("AWS", grantee);
    if (name === null) return [];
    return {
      index: firstIndex + offset,
      sid: `grant-${id}`,
      effect: "Allow" as const,
      principals: { not: false, names: [name] },
      // Only those were taken that allow the action.
      actions: anything,
      resources: everywhere,
      conditions: [],
      start: 0,
      end: 0,
    };
  });
}
