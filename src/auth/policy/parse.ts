import type { ParsedPolicy, PolicyFailure, PolicyPlace } from "./failure.ts";
import { type JsonNode, type JsonObject, readJson } from "./json.ts";
import { policyLimits } from "./limits.ts";
import { parseStatement } from "./parse-statement.ts";
import { CompiledPolicy, type Policy, type PolicyVersion } from "./policy.ts";
import { quoted, Refused } from "./refused.ts";
import type { Statement } from "./statement.ts";

/**
 * Parses, checks and compiles a policy. Never throws on any text; time is linear in the text, which is refused beyond
 * `policyLimits.textCharacters`. A bucket's policy is also held to its limit; those of IAM depend on what else the user,
 * group or role has, so the caller compares `countedCharacters` with them.
 *
 * Follows "IAM JSON policy reference" in the IAM User Guide and, for buckets, "Policies and permissions in Amazon S3".
 */
export function parsePolicy(text: string, place: PolicyPlace): ParsedPolicy<Policy> {
  try {
    return { ok: true, policy: parse(text, place) };
  } catch (problem) {
    if (problem instanceof Refused) return { ok: false, failure: problem.failure };
    throw problem;
  }
}

function parse(text: string, place: PolicyPlace): Policy {
  if (text.length > policyLimits.textCharacters) refuse({ kind: "tooLarge", limit: policyLimits.textCharacters });
  if (/^\s/.test(text)) refuse({ kind: "leadingSpace" });
  const root = readRoot(text, place);
  for (const name of root.members.keys()) {
    if (name !== "Version" && name !== "Id" && name !== "Statement") {
      refuse({ kind: "unknownElement", element: quoted(name) });
    }
  }
  const version = parseVersion(root.members.get("Version"), place);
  const id = parseId(root.members.get("Id"));
  const statements = statementNodes(root.members.get("Statement")).map((node, index) =>
    parseStatement(node, { place, index, variables: version === "2012-10-17" }),
  );
  if (place.kind !== "bucket" && place.kind !== "resource") refuseRepeatedSids(statements);
  return new CompiledPolicy({ source: text, version, id, statements });
}

function refuse(failure: PolicyFailure): never {
  throw new Refused(failure);
}

function readRoot(text: string, place: PolicyPlace): JsonObject {
  const read = readJson(text);
  if (!read.ok) {
    if (read.problem === "duplicateKey") refuse({ kind: "duplicateKey", key: quoted(read.key) });
    refuse({ kind: "notJson", offset: read.offset });
  }
  if (read.node.type !== "object") refuse({ kind: "notJson", offset: 0 });
  if (place.kind === "bucket") {
    const bytes = new TextEncoder().encode(text).length - read.spaces;
    if (bytes > policyLimits.bucketBytes) refuse({ kind: "tooLarge", limit: policyLimits.bucketBytes });
  }
  return read.node;
}

/** Without a Version a policy is of 2008-10-17. */
function parseVersion(node: JsonNode | undefined, place: PolicyPlace): PolicyVersion {
  if (node !== undefined && node.type !== "string") refuse({ kind: "wrongType", element: "Version" });
  const version = node?.text ?? "2008-10-17";
  if (version !== "2008-10-17" && version !== "2012-10-17")
    refuse({ kind: "unknownVersion", version: quoted(version) });
  if (place.kind === "managed" && version !== "2012-10-17") refuse({ kind: "oldVersion" });
  return version;
}

function parseId(node: JsonNode | undefined): string | null {
  if (node === undefined) return null;
  if (node.type !== "string") refuse({ kind: "wrongType", element: "Id" });
  return node.text;
}

function statementNodes(node: JsonNode | undefined): readonly JsonNode[] {
  if (node === undefined) refuse({ kind: "missingElement", element: "Statement" });
  if (node.type === "object") return [node];
  if (node.type !== "array") refuse({ kind: "wrongType", element: "Statement" });
  if (node.items.length === 0) refuse({ kind: "emptyElement", element: "Statement" });
  return node.items;
}

function refuseRepeatedSids(statements: readonly Statement[]): void {
  const seen = new Set<string>();
  for (const { sid } of statements) {
    if (sid === null || sid === "") continue;
    if (seen.has(sid)) refuse({ kind: "repeatedSid", sid: quoted(sid) });
    seen.add(sid);
  }
}
