// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policies have variables of this form
import type { Simulation } from "../../../../src/auth/policy/simulate.ts";
import type { Case, Json } from "./cases.ts";
import type { Verdict } from "./independent.ts";

/** A kind of disagreement with `@cloud-copilot/iam-simulate`, and what of AWS's documentation decides it. */
export interface Difference {
  readonly name: string;
  /** A page of AWS's documentation, and what it says in our words. */
  readonly documentation: string;
  explains(one: Case, ours: Simulation, theirs: Verdict): boolean;
  /** The case without what the difference is about, so that both must agree on it. Null: nothing would be left. */
  without(one: Case): Case | null;
}

type Statement = Json & { readonly version: string };

function statementsOf(policy: Json | null): readonly Statement[] {
  if (policy === null) return [];
  return (policy.Statement as Json[]).map((statement) => ({ ...statement, version: policy.Version as string }));
}

/** A difference that lies in single statements. */
function inStatements(
  name: string,
  documentation: string,
  has: (statement: Statement, one: Case) => boolean,
): Difference {
  const policiesOf = (one: Case) => [...one.identityPolicies, one.boundary, one.session, one.resourcePolicy];
  const strip = (policy: Json | null, one: Case): Json | null => {
    const kept = statementsOf(policy).filter((statement) => !has(statement, one));
    if (policy === null || kept.length === 0) return null;
    return { ...policy, Statement: kept.map(({ version, ...statement }) => statement) };
  };
  return {
    name,
    documentation,
    explains: (one) => policiesOf(one).some((policy) => statementsOf(policy).some((statement) => has(statement, one))),
    without: (one) => ({
      ...one,
      identityPolicies: one.identityPolicies.map((policy) => strip(policy, one)).filter((policy) => policy !== null),
      boundary: strip(one.boundary, one),
      session: strip(one.session, one),
      resourcePolicy: strip(one.resourcePolicy, one),
    }),
  };
}

/** Every operator on every key of a statement. */
function conditions({ Condition }: Json): { operator: string; key: string; values: string[] }[] {
  return Object.entries((Condition ?? {}) as Record<string, Record<string, string | string[]>>).flatMap(
    ([operator, keys]) => Object.entries(keys).map(([key, values]) => ({ operator, key, values: [values].flat() })),
  );
}

const hasVariable = (texts: unknown) => [texts].flat().some((text) => /\$\{[a-zA-Z]/.test(String(text)));

const allowsAll: Json = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] };

export const differences: readonly Difference[] = [
  {
    name: "the root user",
    documentation:
      "Policy evaluation logic: the root user of the resource's account has full access and no policies of its own; of another account it needs the resource's policy alone.",
    explains: ({ principal }, ours) => principal.kind === "root" && ours.decision === "allowed",
    without: () => null,
  },
  {
    name: "a federated user's session without session policies",
    documentation:
      "GetFederationToken (STS API Reference): without a session policy the session has no permissions but those that resource policies grant it.",
    explains: ({ principal, session }, ours) =>
      principal.kind === "federatedUser" && session === null && ours.denial?.layer === "session",
    without: (one) => ({ ...one, session: allowsAll }),
  },
  {
    name: "what a resource policy grants the session itself",
    documentation:
      "How AWS enforcement code logic evaluates requests: permissions that a resource policy of the same account grants to the ARN of a session, or to everyone, are not limited by an implicit deny of a session policy.",
    explains: ({ session }, ours, theirs) =>
      session !== null &&
      ours.decision === "allowed" &&
      ours.layers.get("session") === "implicitDeny" &&
      ours.layers.get("resource") === "allowed" &&
      theirs === "implicitDeny",
    without: (one) => ({ ...one, session: allowsAll }),
  },
  inStatements(
    "NotPrincipal names one of what a caller is",
    "AWS JSON policy elements: NotPrincipal: the account of the principal must be named too, and of a role's session the role; otherwise the statement may deny it.",
    ({ NotPrincipal }) => NotPrincipal !== undefined,
  ),
  inStatements(
    "NotResource with a variable that has no value",
    "IAM policy elements: Variables and tags, Policy variables with no value: such an entry matches no resource, so NotResource covers all.",
    ({ NotResource }) => hasVariable(NotResource),
  ),
  inStatements(
    "a negated operator with a variable that has no value",
    "IAM policy elements: Variables and tags, Policy variables with no value: inverted operators match, as nothing equals no value.",
    (statement) =>
      conditions(statement).some(({ operator, values }) => operator.includes("Not") && hasVariable(values)),
  ),
  inStatements(
    "variables in a policy of 2008-10-17",
    "IAM JSON policy elements: Version: without version 2012-10-17 variables are literal text.",
    ({ version, ...rest }) => version === "2008-10-17" && JSON.stringify(rest).includes("${"),
  ),
  inStatements(
    "Null and an empty list",
    "Condition operators, Null: the key must exist and its value must not be null; Single-valued vs. multivalued context keys: an empty list is a null data set.",
    (statement, { context }) =>
      conditions(statement).some(({ operator, key }) => operator === "Null" && context[key]?.length === 0),
  ),
  inStatements(
    "the range of all addresses",
    "Condition operators, IP address: CIDR notation; a prefix of /0 holds every address of its family (RFC 4632).",
    (statement) => conditions(statement).some(({ values }) => values.includes("0.0.0.0/0")),
  ),
  inStatements(
    "escaped characters in a comparison without wildcards",
    "IAM policy elements: Variables and tags: wherever variables can be used, ${*}, ${?} and ${$} stand for the characters.",
    (statement) =>
      conditions(statement).some(
        ({ operator, values }) => /String(Not)?Equals/.test(operator) && /\$\{[*?$]\}/.test(values.join("\n")),
      ),
  ),
];
