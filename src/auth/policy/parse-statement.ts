import { checkActions } from "./check-actions.ts";
import { checkResources } from "./check-resources.ts";
import { checkS3Statement } from "./check-s3-statement.ts";
import { type Condition, compileCondition, parseOperator } from "./condition.ts";
import type { PolicyFailure, PolicyPlace } from "./failure.ts";
import type { JsonNode, JsonObject } from "./json.ts";
import { compilePattern, type Pattern } from "./pattern.ts";
import { type PrincipalName, parsePrincipalName } from "./principal-name.ts";
import { quoted, Refused } from "./refused.ts";
import { compileResource, type ResourcePattern } from "./resource-pattern.ts";
import type { Statement } from "./statement.ts";

export interface StatementContext {
  readonly place: PolicyPlace;
  readonly index: number;
  /** Whether the policy's version has variables. */
  readonly variables: boolean;
}

const elements = [
  "Sid",
  "Effect",
  "Principal",
  "NotPrincipal",
  "Action",
  "NotAction",
  "Resource",
  "NotResource",
  "Condition",
];

/** Parses and compiles one statement. Throws `Refused`. */
export function parseStatement(node: JsonNode, context: StatementContext): Statement {
  if (node.type !== "object") refuse({ kind: "wrongType", element: "Statement" });
  for (const name of node.members.keys()) {
    if (!elements.includes(name)) refuse({ kind: "unknownElement", element: quoted(name) });
  }
  const effect = parseEffect(node.members.get("Effect"));
  const statement: Statement = {
    index: context.index,
    sid: parseSid(node.members.get("Sid"), context.place),
    effect,
    principals: parsePrincipals(node, context.place, effect),
    actions: parseActions(node, context.place),
    resources: parseResources(node, context),
    conditions: parseConditions(node.members.get("Condition"), context),
    start: node.start,
    end: node.end,
  };
  if (context.place.kind === "bucket") checkS3Statement(statement, context.place.bucket);
  return statement;
}

function refuse(failure: PolicyFailure): never {
  throw new Refused(failure);
}

function parseEffect(node: JsonNode | undefined): "Allow" | "Deny" {
  if (node === undefined) refuse({ kind: "missingElement", element: "Effect" });
  if (node.type !== "string") refuse({ kind: "wrongType", element: "Effect" });
  if (node.text !== "Allow" && node.text !== "Deny") refuse({ kind: "unknownEffect", effect: quoted(node.text) });
  return node.text;
}

function parseSid(node: JsonNode | undefined, place: PolicyPlace): string | null {
  if (node === undefined) return null;
  if (node.type !== "string") refuse({ kind: "wrongType", element: "Sid" });
  const isFree = place.kind === "bucket" || place.kind === "resource";
  if (!isFree && !/^[0-9A-Za-z]*$/.test(node.text)) refuse({ kind: "malformedSid", sid: quoted(node.text) });
  return node.text;
}

/** The one of two elements that exclude each other, or null if there is neither. */
function oneOf({ members }: JsonObject, name: string): { node: JsonNode; not: boolean; element: string } | null {
  const plain = members.get(name);
  const not = members.get(`Not${name}`);
  if (plain !== undefined && not !== undefined) {
    refuse({ kind: "exclusiveElements", elements: [name, `Not${name}`] });
  }
  if (plain !== undefined) return { node: plain, not: false, element: name };
  return not === undefined ? null : { node: not, not: true, element: `Not${name}` };
}

/** A text, or a list of at least one. */
function texts(node: JsonNode, element: string): readonly string[] {
  if (node.type === "string") return [node.text];
  if (node.type !== "array") refuse({ kind: "wrongType", element });
  if (node.items.length === 0) refuse({ kind: "emptyElement", element });
  return node.items.map((item) => {
    if (item.type !== "string") refuse({ kind: "wrongType", element });
    return item.text;
  });
}

function parsePrincipals(node: JsonObject, place: PolicyPlace, effect: "Allow" | "Deny"): Statement["principals"] {
  const found = oneOf(node, "Principal");
  if (place.kind === "identity" || place.kind === "managed" || place.kind === "session") {
    if (found !== null) refuse({ kind: "prohibitedElement", element: found.element });
    return null;
  }
  if (found === null) refuse({ kind: "missingElement", element: "Principal" });
  if (found.not && effect === "Allow") refuse({ kind: "allowNotPrincipal" });
  if (found.not && place.kind === "trust") refuse({ kind: "prohibitedElement", element: "NotPrincipal" });
  return { not: found.not, names: principalNames(found, place) };
}

function principalNames(found: { node: JsonNode; element: string }, place: PolicyPlace): readonly PrincipalName[] {
  const { node, element } = found;
  if (node.type === "string") {
    if (node.text !== "*") refuse({ kind: "invalidPrincipal", type: "", value: quoted(node.text) });
    return [{ kind: "anyone" }];
  }
  if (node.type !== "object") refuse({ kind: "wrongType", element });
  if (node.members.size === 0) refuse({ kind: "emptyElement", element });
  return [...node.members].flatMap(([type, values]) =>
    texts(values, element).map((value) => {
      const name = parsePrincipalName(type, value);
      const isForeign = name?.kind === "canonicalUser" && place.kind !== "bucket";
      if (name === null || isForeign) refuse({ kind: "invalidPrincipal", type: quoted(type), value: quoted(value) });
      return name;
    }),
  );
}

function parseActions(node: JsonObject, place: PolicyPlace): Statement["actions"] {
  const found = oneOf(node, "Action");
  if (found === null) refuse({ kind: "missingElement", element: "Action" });
  const actions = texts(found.node, found.element);
  checkActions(actions, place);
  return {
    not: found.not,
    patterns: actions.map(
      (action) => compilePattern(action.toLowerCase(), { wildcards: true, variables: false }) as Pattern,
    ),
  };
}

function parseResources(node: JsonObject, { place, variables }: StatementContext): Statement["resources"] {
  const found = oneOf(node, "Resource");
  if (place.kind === "trust") {
    if (found !== null) refuse({ kind: "prohibitedElement", element: found.element });
    return null;
  }
  if (found === null) {
    if (place.kind === "resource") return null;
    refuse({ kind: "missingElement", element: "Resource" });
  }
  const resources = texts(found.node, found.element);
  checkResources(resources, place);
  const patterns = resources.map((resource): ResourcePattern => {
    const pattern = compileResource(resource, { variables });
    if (pattern === null) refuse({ kind: "malformedVariable", text: quoted(resource) });
    return pattern;
  });
  return { not: found.not, patterns };
}

function parseConditions(node: JsonNode | undefined, { variables }: StatementContext): readonly Condition[] {
  if (node === undefined) return [];
  if (node.type !== "object") refuse({ kind: "wrongType", element: "Condition" });
  const conditions: Condition[] = [];
  for (const [name, keys] of node.members) {
    const operator = parseOperator(name);
    if (operator === null) refuse({ kind: "unknownOperator", operator: quoted(name) });
    if (keys.type !== "object") refuse({ kind: "wrongType", element: "Condition" });
    const seen = new Set<string>();
    for (const [key, values] of keys.members) {
      if (seen.has(key.toLowerCase())) refuse({ kind: "duplicateKey", key: quoted(key) });
      seen.add(key.toLowerCase());
      const compiled = compileCondition(operator, { key, values: conditionValues(values), variables });
      if (!compiled.ok) refuseValue(compiled.value, { operator: name, base: operator.base, key, variables });
      conditions.push(compiled.condition);
    }
  }
  return conditions;
}

/** Texts, numbers and Booleans. A list may be empty: then no value matches. */
function conditionValues(node: JsonNode): readonly string[] {
  const nodes = node.type === "array" ? node.items : [node];
  return nodes.map((value) => {
    if (value.type === "object" || value.type === "array" || value.type === "null") {
      refuse({ kind: "wrongType", element: "Condition" });
    }
    return value.text;
  });
}

function refuseValue(
  value: string,
  { operator, base, key, variables }: { operator: string; base: string; key: string; variables: boolean },
): never {
  const isText = base.startsWith("String");
  if (isText && variables) refuse({ kind: "malformedVariable", text: quoted(value) });
  refuse({ kind: "malformedConditionValue", operator: quoted(operator), key: quoted(key), value: quoted(value) });
}
