import { type JsonNode, type JsonScalar, readJson } from "./json.ts";

/** An ARN of a user or role, with its account, kind and name. */
export interface NamedArn {
  readonly arn: string;
  readonly accountId: string;
  readonly kind: "user" | "role";
  /** Without the path. */
  readonly name: string;
}

const ENTITY_ARN = /^arn:aws:iam::(\d{12}):(user|role)\/(?:[\x21-\x7e]*\/)?([^/]+)$/;
const UNIQUE_ID = /^A(?:IDA|ROA)[A-Z0-9]{12,124}$/;

/** The user or role that an ARN names; null: it names something else. */
export function entityOfArn(arn: string): NamedArn | null {
  const [, accountId, kind, name] = ENTITY_ARN.exec(arn) ?? [];
  return accountId && name && (kind === "user" || kind === "role") ? { arn, accountId, kind, name } : null;
}

/** Whether a principal is named by the unique id of a user or role. */
export function isUniqueId(name: string): boolean {
  return UNIQUE_ID.test(name);
}

/** The users and roles that a policy names by ARN as principals, each once. */
export function namedPrincipals(text: string): NamedArn[] {
  const found = new Map<string, NamedArn>();
  for (const { text: arn } of awsPrincipals(text)) {
    const named = entityOfArn(arn);
    if (named) found.set(arn, named);
  }
  return [...found.values()];
}

/** The unique ids that a policy names as principals, each once. */
export function identifiedPrincipals(text: string): string[] {
  return [...new Set(awsPrincipals(text).flatMap(({ text: id }) => (isUniqueId(id) ? [id] : [])))];
}

/** The policy with other names of its principals; whatever else it says stays as it is, white space included. */
export function replacePrincipals(text: string, names: ReadonlyMap<string, string>): string {
  let replaced = "";
  let at = 0;
  for (const { text: name, start, end } of awsPrincipals(text)) {
    const other = names.get(name);
    if (other === undefined) continue;
    replaced += text.slice(at, start) + JSON.stringify(other);
    at = end;
  }
  return replaced + text.slice(at);
}

/** The strings of all `{"AWS": …}` in Principal and NotPrincipal, in the order of the text; none of a text that is no policy. */
function awsPrincipals(text: string): JsonScalar[] {
  const read = readJson(text);
  if (!read.ok) return [];
  return listed(member(read.node, "Statement")).flatMap((statement) =>
    ["Principal", "NotPrincipal"]
      .flatMap((name) => listed(member(member(statement, name), "AWS")))
      .flatMap((value) => (value.type === "string" ? [value] : [])),
  );
}

function member(node: JsonNode | undefined, name: string): JsonNode | undefined {
  return node?.type === "object" ? node.members.get(name) : undefined;
}

function listed(node: JsonNode | undefined): readonly JsonNode[] {
  if (node === undefined) return [];
  return node.type === "array" ? node.items : [node];
}
