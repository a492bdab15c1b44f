import { AwsError } from "./errors.ts";
import { children, escapeXml } from "./xml.ts";

/**
 * How a configuration of S3 is written: as JSON, in the form of the AWS CLI and SDKs, and as XML, on the wire. Members are by their JSON
 * names; `xml` is there if the element has another name. A list is its element, repeated.
 */
export type Shape = "string" | "number" | "boolean" | { readonly [member: string]: Member };
export interface Member {
  shape: Shape;
  xml?: string;
  isList?: boolean;
  /** Element that the elements of a list are in. */
  wrapper?: string;
}

/** What is wrong with a document, at the path `Rules[0].Expiration`. */
class DocumentError extends AwsError {
  constructor(path: string, wanted: string) {
    super({ code: "InvalidDocument", message: `${path}: ${wanted}`, status: 400 });
    this.name = "DocumentError";
  }
}

/** The element's content. Throws `DocumentError` for a member that is not of the shape, so that nothing is left out silently. */
export function toXml(shape: Shape, value: unknown, path = ""): string {
  if (typeof shape === "string") {
    if (typeof value !== shape) throw new DocumentError(path, shape);
    return escapeXml(String(value));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new DocumentError(path, "object");
  return Object.entries(value)
    .map(([name, content]) => {
      const member = Object.hasOwn(shape, name) ? shape[name] : undefined;
      const at = path === "" ? name : `${path}.${name}`;
      if (member === undefined) throw new DocumentError(at, "unknown");
      const tag = member.xml ?? name;
      const write = (part: unknown, place: string) => `<${tag}>${toXml(member.shape, part, place)}</${tag}>`;
      if (!member.isList) return write(content, at);
      if (!Array.isArray(content)) throw new DocumentError(at, "array");
      const items = content.map((part, index) => write(part, `${at}[${index}]`)).join("");
      return member.wrapper === undefined ? items : `<${member.wrapper}>${items}</${member.wrapper}>`;
    })
    .join("");
}

/** What `toXml` made the element of. Elements that are not of the shape are not read. */
export function fromXml(shape: Shape, element: Element): unknown {
  const text = element.textContent ?? "";
  if (shape === "string") return text;
  if (shape === "number") return Number(text);
  if (shape === "boolean") return text === "true";
  const value: Record<string, unknown> = {};
  for (const [name, { xml = name, shape: inner, isList, wrapper }] of Object.entries(shape)) {
    const places = wrapper === undefined ? [element] : children(element, wrapper);
    const found = places.flatMap((place) => children(place, xml)).map((child) => fromXml(inner, child));
    if (found.length > 0) value[name] = isList ? found : found[0];
  }
  return value;
}

const list = (shape: Shape, xml: string): Member => ({ shape, xml, isList: true });
const one = (shape: Shape, xml?: string): Member => (xml === undefined ? { shape } : { shape, xml });
const text = one("string");
const number = one("number");

export const CORS: Shape = {
  CORSRules: list(
    {
      ID: text,
      AllowedHeaders: list("string", "AllowedHeader"),
      AllowedMethods: list("string", "AllowedMethod"),
      AllowedOrigins: list("string", "AllowedOrigin"),
      ExposeHeaders: list("string", "ExposeHeader"),
      MaxAgeSeconds: number,
    },
    "CORSRule",
  ),
};

const filter = one({ Key: one({ FilterRules: list({ Name: text, Value: text }, "FilterRule") }, "S3Key") });
const target = (name: string, xml: string): Shape => ({
  Id: text,
  [name]: one("string", xml),
  Events: list("string", "Event"),
  Filter: filter,
});

export const NOTIFICATIONS: Shape = {
  TopicConfigurations: list(target("TopicArn", "Topic"), "TopicConfiguration"),
  QueueConfigurations: list(target("QueueArn", "Queue"), "QueueConfiguration"),
  LambdaFunctionConfigurations: list(target("LambdaFunctionArn", "CloudFunction"), "CloudFunctionConfiguration"),
  EventBridgeConfiguration: one({}),
};

const tags = list({ Key: text, Value: text }, "Tag");
const sizes = { ObjectSizeGreaterThan: number, ObjectSizeLessThan: number };

export const LIFECYCLE: Shape = {
  Rules: list(
    {
      ID: text,
      Status: text,
      Prefix: text,
      Filter: one({
        Prefix: text,
        Tag: one({ Key: text, Value: text }),
        ...sizes,
        And: one({ Prefix: text, Tags: tags, ...sizes }),
      }),
      Expiration: one({ Date: text, Days: number, ExpiredObjectDeleteMarker: one("boolean") }),
      Transitions: list({ Date: text, Days: number, StorageClass: text }, "Transition"),
      NoncurrentVersionTransitions: list(
        { NoncurrentDays: number, StorageClass: text, NewerNoncurrentVersions: number },
        "NoncurrentVersionTransition",
      ),
      NoncurrentVersionExpiration: one({ NoncurrentDays: number, NewerNoncurrentVersions: number }),
      AbortIncompleteMultipartUpload: one({ DaysAfterInitiation: number }),
    },
    "Rule",
  ),
};

const redirect = { HostName: text, Protocol: text };

export const WEBSITE: Shape = {
  IndexDocument: one({ Suffix: text }),
  ErrorDocument: one({ Key: text }),
  RedirectAllRequestsTo: one(redirect),
  RoutingRules: {
    ...list(
      {
        Condition: one({ HttpErrorCodeReturnedEquals: text, KeyPrefixEquals: text }),
        Redirect: one({ ...redirect, HttpRedirectCode: text, ReplaceKeyPrefixWith: text, ReplaceKeyWith: text }),
      },
      "RoutingRule",
    ),
    wrapper: "RoutingRules",
  },
};

export const TAGGING: Shape = { TagSet: one({ Tags: tags }) };

/** Names of members, wherever they are in the shape, for completion. */
export function memberNames(shape: Shape): string[] {
  if (typeof shape === "string") return [];
  const names = Object.entries(shape).flatMap(([name, member]) => [name, ...memberNames(member.shape)]);
  return [...new Set(names)].sort();
}
