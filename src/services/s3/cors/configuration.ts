import { childrenOf, childText, type XmlElement } from "../../../protocols/rest-xml/read.ts";
import { requireShape } from "../../../protocols/rest-xml/shape.ts";
import { element, optional, type Xml, xmlDocument } from "../../../protocols/rest-xml/write.ts";
import { S3Error } from "../errors/error.ts";
import type { CorsRule } from "./rules.ts";

const RULES_MAX = 100;
const ID_MAX_CHARACTERS = 255;
const SHAPE = {
  CORSRule: {
    ID: "text",
    AllowedOrigin: "text",
    AllowedMethod: "text",
    AllowedHeader: "text",
    ExposeHeader: "text",
    MaxAgeSeconds: "text",
  },
} as const;
const METHODS: ReadonlySet<string> = new Set(["GET", "PUT", "POST", "DELETE", "HEAD"]);

/**
 * Reads a CORSConfiguration. Throws MalformedXML if an element is missing or is not a number.
 * Throws InvalidRequest for a method that S3 does not have, for a second wildcard, and for values
 * that are too long.
 */
export function parseCorsConfiguration(root: XmlElement): CorsRule[] {
  requireShape(root, SHAPE);
  const rules = childrenOf(root, "CORSRule");
  if (rules.length === 0) throw new S3Error("MalformedXML");
  if (rules.length > RULES_MAX) {
    throw invalid(`The number of CORS rules should not exceed allowed limit of ${RULES_MAX} rules.`);
  }
  return rules.map(parseRule);
}

function parseRule(written: XmlElement): CorsRule {
  const id = childText(written, "ID");
  const maxAge = childText(written, "MaxAgeSeconds")?.trim();
  const rule = {
    ...(id === undefined ? {} : { id }),
    allowedOrigins: texts(written, "AllowedOrigin"),
    allowedMethods: texts(written, "AllowedMethod"),
    allowedHeaders: texts(written, "AllowedHeader"),
    exposeHeaders: texts(written, "ExposeHeader"),
    ...(maxAge === undefined ? {} : { maxAgeSeconds: parseMaxAge(maxAge) }),
  };
  if (rule.allowedOrigins.length === 0 || rule.allowedMethods.length === 0) throw new S3Error("MalformedXML");
  checkRule(rule);
  return rule;
}

function texts(parent: XmlElement, name: string): string[] {
  return childrenOf(parent, name).map((found) => {
    if (found.children.length > 0) throw new S3Error("MalformedXML");
    return found.text;
  });
}

function parseMaxAge(text: string): number {
  const seconds = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds < 2 ** 31)) throw new S3Error("MalformedXML");
  return seconds;
}

function checkRule({ id = "", allowedOrigins, allowedMethods, allowedHeaders, exposeHeaders }: CorsRule): void {
  if (id.length > ID_MAX_CHARACTERS) {
    throw invalid(`The ID of a CORS rule should not exceed allowed limit of ${ID_MAX_CHARACTERS} characters.`);
  }
  for (const method of allowedMethods) {
    if (!METHODS.has(method)) {
      throw invalid(`Found unsupported HTTP method in CORS config. Unsupported method is ${method}`);
    }
  }
  for (const origin of allowedOrigins) checkWildcards("AllowedOrigin", origin);
  for (const header of allowedHeaders) checkWildcards("AllowedHeader", header);
  for (const header of exposeHeaders) {
    if (header.includes("*")) {
      throw invalid(
        `ExposeHeader "${header}" contains wildcard. We currently do not support wildcard for ExposeHeader.`,
      );
    }
    // It becomes part of a header of every answer to the origins of the rule.
    if (!/^[\t\x20-\x7e]*$/.test(header)) throw invalid(`ExposeHeader "${header}" is no name of a header.`);
  }
}

function checkWildcards(name: string, value: string): void {
  if (value.indexOf("*") !== value.lastIndexOf("*")) {
    throw invalid(`${name} "${value}" can not have more than one wildcard.`);
  }
}

function invalid(message: string): S3Error {
  return new S3Error("InvalidRequest", message);
}

/** The document of GetBucketCors. */
export function corsDocument(rules: readonly CorsRule[]): string {
  return xmlDocument("CORSConfiguration", rules.map(ruleElement));
}

function ruleElement(rule: CorsRule): Xml {
  const all = (name: string, values: readonly string[]) => values.map((value) => element(name, value));
  return element(
    "CORSRule",
    optional("ID", rule.id),
    all("AllowedMethod", rule.allowedMethods),
    all("AllowedOrigin", rule.allowedOrigins),
    all("AllowedHeader", rule.allowedHeaders),
    optional("MaxAgeSeconds", rule.maxAgeSeconds),
    all("ExposeHeader", rule.exposeHeaders),
  );
}
