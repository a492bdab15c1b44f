import { child, childrenOf, childText, type XmlElement } from "../../../protocols/rest-xml/read.ts";
import { element, optional, type XmlContent, xmlDocument } from "../../../protocols/rest-xml/write.ts";
import { checkKeyLength, refusalOfLength } from "../address/target.ts";
import { S3Error } from "../errors/error.ts";

/** Configuration of a bucket's website. Stored as JSON. */
export type WebsiteConfiguration =
  | { readonly redirectAll: { readonly hostName: string; readonly protocol?: Protocol } }
  | { readonly indexSuffix: string; readonly errorKey?: string; readonly rules: readonly RoutingRule[] };

export type Protocol = "http" | "https";

export interface RoutingRule {
  /** Absent: it holds for every request. */
  readonly condition?: { readonly keyPrefix?: string; readonly errorCode?: number };
  readonly redirect: {
    readonly hostName?: string;
    readonly protocol?: Protocol;
    readonly code?: number;
    readonly replacePrefix?: string;
    readonly replaceKey?: string;
  };
}

const RULES_MAX = 50;
const HOST_NAME_MAX = 255;

/** Schema of a WebsiteConfiguration. */
export const WEBSITE_SHAPE = {
  IndexDocument: { Suffix: "text" },
  ErrorDocument: { Key: "text" },
  RedirectAllRequestsTo: { HostName: "text", Protocol: "text" },
  RoutingRules: {
    RoutingRule: {
      Condition: { HttpErrorCodeReturnedEquals: "text", KeyPrefixEquals: "text" },
      Redirect: {
        HostName: "text",
        HttpRedirectCode: "text",
        Protocol: "text",
        ReplaceKeyPrefixWith: "text",
        ReplaceKeyWith: "text",
      },
    },
  },
} as const;

/**
 * Reads a WebsiteConfiguration whose shape was checked. Throws InvalidArgument, InvalidRequest and
 * MalformedXML as S3 does (API reference, "PutBucketWebsite" and its types).
 */
export function parseWebsite(root: XmlElement): WebsiteConfiguration {
  const redirectAll = child(root, "RedirectAllRequestsTo");
  const index = child(root, "IndexDocument");
  const error = child(root, "ErrorDocument");
  const routing = child(root, "RoutingRules");
  if (redirectAll) {
    if (index || error || routing) {
      throw invalidRequest("RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.");
    }
    return { redirectAll: { hostName: hostName(requiredText(redirectAll, "HostName")), ...protocolOf(redirectAll) } };
  }
  if (!index) {
    const message = "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty";
    throw new S3Error("InvalidArgument", message, { ArgumentName: "IndexDocument", ArgumentValue: "null" });
  }
  const rules = routing ? childrenOf(routing, "RoutingRule") : [];
  if (rules.length > RULES_MAX) throw invalidRequest(`${RULES_MAX} routing rules allowed.`);
  if (routing && rules.length === 0) throw new S3Error("MalformedXML");
  return {
    indexSuffix: parseSuffix(requiredText(index, "Suffix")),
    ...(error && { errorKey: parseErrorKey(requiredText(error, "Key")) }),
    rules: rules.map(parseRule),
  };
}

function parseSuffix(suffix: string): string {
  if (suffix === "" || suffix.includes("/") || refusalOfLength(suffix) !== null) {
    const details = { ArgumentName: "IndexDocument", ArgumentValue: suffix };
    throw new S3Error("InvalidArgument", "The IndexDocument Suffix is not well formed", details);
  }
  return suffix;
}

function parseErrorKey(key: string): string {
  if (key === "" || refusalOfLength(key) !== null) {
    const details = { ArgumentName: "ErrorDocument", ArgumentValue: key };
    throw new S3Error("InvalidArgument", "The ErrorDocument Key is not well formed", details);
  }
  return key;
}

function parseRule(rule: XmlElement): RoutingRule {
  const condition = child(rule, "Condition");
  const redirect = child(rule, "Redirect");
  if (!redirect) throw new S3Error("MalformedXML");
  return { ...(condition && { condition: parseCondition(condition) }), redirect: parseRedirect(redirect) };
}

function parseCondition(condition: XmlElement): NonNullable<RoutingRule["condition"]> {
  const keyPrefix = childText(condition, "KeyPrefixEquals");
  const code = childText(condition, "HttpErrorCodeReturnedEquals")?.trim();
  if (keyPrefix === undefined && code === undefined) {
    throw invalidRequest(
      "Condition cannot be empty. To redirect all requests without a condition, the condition element shouldn't be present.",
    );
  }
  if (keyPrefix !== undefined) checkKeyLength(keyPrefix);
  if (code !== undefined && !/^[45]\d\d$/.test(code)) {
    throw invalidRequest(`The provided HTTP error code (${code}) is not valid. Valid codes are 4XX or 5XX.`);
  }
  return { ...(keyPrefix !== undefined && { keyPrefix }), ...(code !== undefined && { errorCode: Number(code) }) };
}

function parseRedirect(redirect: XmlElement): RoutingRule["redirect"] {
  const host = childText(redirect, "HostName");
  const code = childText(redirect, "HttpRedirectCode")?.trim();
  const replacePrefix = childText(redirect, "ReplaceKeyPrefixWith");
  const replaceKey = childText(redirect, "ReplaceKeyWith");
  if (redirect.children.length === 0) throw invalidRequest("Redirect cannot be empty.");
  if (replacePrefix !== undefined && replaceKey !== undefined) {
    throw invalidRequest("You can only define ReplaceKeyPrefix or ReplaceKey but not both.");
  }
  if (code !== undefined && (!/^3\d\d$/.test(code) || code === "300")) {
    throw invalidRequest(`The provided HTTP redirect code (${code}) is not valid. Valid codes are 3XX except 300.`);
  }
  checkKeyLength(replacePrefix ?? replaceKey ?? "");
  return {
    ...(host !== undefined && { hostName: hostName(host) }),
    ...protocolOf(redirect),
    ...(code !== undefined && { code: Number(code) }),
    ...(replacePrefix !== undefined && { replacePrefix }),
    ...(replaceKey !== undefined && { replaceKey }),
  };
}

function protocolOf(parent: XmlElement): { protocol?: Protocol } {
  const protocol = childText(parent, "Protocol")?.trim();
  if (protocol === undefined) return {};
  if (protocol !== "http" && protocol !== "https") {
    throw invalidRequest(
      "Invalid protocol, protocol can be http or https. If not defined the protocol will be selected automatically.",
    );
  }
  return { protocol };
}

/** A host name, with a port if it has one: it becomes part of a header. */
function hostName(text: string): string {
  if (text.length > HOST_NAME_MAX || !/^[\w.-]+(:\d{1,5})?$/.test(text)) {
    throw invalidRequest("The host name of a redirect is not valid.");
  }
  return text;
}

function requiredText(parent: XmlElement, name: string): string {
  const text = childText(parent, name);
  if (text === undefined) throw new S3Error("MalformedXML");
  return text;
}

function invalidRequest(message: string): S3Error {
  return new S3Error("InvalidRequest", message);
}

/** The document of GetBucketWebsite. */
export function websiteDocument(website: WebsiteConfiguration): string {
  if ("redirectAll" in website) {
    const { hostName: host, protocol } = website.redirectAll;
    const to = element("RedirectAllRequestsTo", element("HostName", host), optional("Protocol", protocol));
    return xmlDocument("WebsiteConfiguration", to);
  }
  const { indexSuffix, errorKey, rules } = website;
  const content: XmlContent[] = [element("IndexDocument", element("Suffix", indexSuffix))];
  if (errorKey !== undefined) content.push(element("ErrorDocument", element("Key", errorKey)));
  if (rules.length > 0) content.push(element("RoutingRules", ...rules.map(ruleElement)));
  return xmlDocument("WebsiteConfiguration", ...content);
}

function ruleElement({ condition, redirect }: RoutingRule) {
  const { hostName: host, protocol, code, replacePrefix, replaceKey } = redirect;
  const numbered = (value: number | undefined) => (value === undefined ? undefined : String(value));
  const conditions: XmlContent[] = condition
    ? [
        element(
          "Condition",
          optional("KeyPrefixEquals", condition.keyPrefix),
          optional("HttpErrorCodeReturnedEquals", numbered(condition.errorCode)),
        ),
      ]
    : [];
  return element(
    "RoutingRule",
    ...conditions,
    element(
      "Redirect",
      optional("Protocol", protocol),
      optional("HostName", host),
      optional("ReplaceKeyPrefixWith", replacePrefix),
      optional("ReplaceKeyWith", replaceKey),
      optional("HttpRedirectCode", numbered(code)),
    ),
  );
}
