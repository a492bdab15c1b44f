import { Buffer } from "node:buffer";
import { S3Error } from "../errors/error.ts";
import type { SizeRange } from "./form-file.ts";

/** One condition of a policy. `text` is its form in S3's refusals. */
export type PolicyCondition =
  | { readonly kind: "eq" | "starts-with"; readonly field: string; readonly value: string; readonly text: string }
  /** Null bounds are not numbers; for S3 such a condition is never met. */
  | { readonly kind: "content-length-range"; readonly range: SizeRange | null; readonly text: string };

export interface PolicyDocument {
  readonly expiresAtMs: number;
  readonly conditions: readonly PolicyCondition[];
}

const expirationForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;

/**
 * Reads a policy: Base64 of a JSON document of `expiration` and `conditions` (API reference, "POST Policy"). Throws
 * InvalidPolicyDocument in S3's words.
 */
export function parsePolicyDocument(base64: string): PolicyDocument {
  const document = parseJson(decodeBase64(base64));
  if (!isObject(document)) throw invalid("Invalid JSON.");
  const unknown = Object.keys(document).find((name) => name !== "expiration" && name !== "conditions");
  if (unknown !== undefined) throw invalid(`Unexpected: '${unknown.toLowerCase()}'`);
  const { expiration, conditions } = document;
  if (expiration === undefined) throw invalid("Policy missing expiration.");
  if (conditions === undefined) throw invalid("Policy missing conditions.");
  if (!Array.isArray(conditions)) throw invalid("Invalid 'conditions' value: must be a List.");
  return { expiresAtMs: parseExpiration(expiration), conditions: conditions.map(parseCondition) };
}

function decodeBase64(text: string): string {
  const compact = text.replace(/\s+/g, "");
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) throw invalid("invalid Base64 encoding.");
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(Buffer.from(compact, "base64"));
  } catch (cause) {
    throw invalid("Invalid JSON.", cause);
  }
}

/**
 * JSON with the additions of S3's documentation: the escapes `\$` and `\v`, and a comma after the
 * last member of a list.
 */
function parseJson(text: string): unknown {
  const strict = text.replace(/"(?:\\[\s\S]|[^"\\])*"|,(?=\s*[\]}])/g, (token) =>
    token === "," ? "" : token.replace(/\\[\s\S]/g, (pair) => ownEscapes.get(pair) ?? pair),
  );
  try {
    return JSON.parse(strict);
  } catch (cause) {
    throw invalid("Invalid JSON.", cause);
  }
}

const ownEscapes: ReadonlyMap<string, string> = new Map([
  ["\\$", "$"],
  ["\\v", "\\u000b"],
]);

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseExpiration(value: unknown): number {
  const ms = typeof value === "string" && expirationForm.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) throw invalid(`Invalid 'expiration' value: '${String(value)}'`);
  return ms;
}

function parseCondition(condition: unknown): PolicyCondition {
  if (Array.isArray(condition)) return parseListCondition(condition);
  if (!isObject(condition)) throw invalid("Invalid condition test: must be a List or Object.");
  const entries = Object.entries(condition);
  const [entry] = entries;
  if (entry === undefined || entries.length > 1) {
    throw invalid("Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.");
  }
  const [name, value] = entry;
  if (typeof value !== "string") throw invalid("Invalid Simple-Condition: value must be a string.");
  return { kind: "eq", field: name.toLowerCase(), value, text: conditionText(["eq", `$${name}`, value]) };
}

function parseListCondition(condition: readonly unknown[]): PolicyCondition {
  const [operation, first, second] = condition;
  if (typeof operation !== "string") throw invalid("Invalid Condition: missing operation identifier.");
  const kind = operation.toLowerCase();
  if (kind !== "eq" && kind !== "starts-with" && kind !== "content-length-range") {
    throw invalid(`Invalid Condition: unknown operation '${operation}'.`);
  }
  if (condition.length !== 3) throw invalid(`Invalid ${kind}: wrong number of arguments.`);
  const text = conditionText(condition);
  if (kind === "content-length-range") return { kind, range: parseRange(first, second), text };
  if (typeof first !== "string" || typeof second !== "string") throw invalid("Invalid JSON.");
  // A name without a dollar sign matches no field, so the condition fails.
  return { kind, field: first.startsWith("$") ? first.slice(1).toLowerCase() : "", value: second, text };
}

function parseRange(min: unknown, max: unknown): SizeRange | null {
  const [minBytes, maxBytes] = [parseBound(min), parseBound(max)];
  return minBytes === null || maxBytes === null ? null : { minBytes, maxBytes };
}

function parseBound(bound: unknown): number | null {
  if (typeof bound !== "number" && typeof bound !== "string") throw invalid("Invalid JSON.");
  if (typeof bound === "string" && !/^-?\d{1,15}$/.test(bound)) return null;
  const bytes = Number(bound);
  if (!Number.isSafeInteger(bytes)) throw invalid("Invalid JSON.");
  if (bytes < 0) throw invalid("Invalid content-length-range: negative length.");
  return bytes;
}

function conditionText(condition: readonly unknown[]): string {
  return `[${condition.map((part) => JSON.stringify(part)).join(", ")}]`;
}

function invalid(problem: string, cause?: unknown): S3Error {
  return new S3Error("InvalidPolicyDocument", `Invalid Policy: ${problem}`, {}, { cause });
}
