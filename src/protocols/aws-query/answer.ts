import { declaration, element, Xml } from "../rest-xml/write.ts";

/**
 * What an operation answers with. Undefined and null members are left out; lists become `<member>` elements, maps `<entry>` elements.
 */
export type QueryValue =
  | string
  | number
  | boolean
  | Date
  | null
  | undefined
  | readonly QueryValue[]
  | FlatList
  | ReadonlyMap<string, QueryValue>
  | { readonly [name: string]: QueryValue };

/** A list whose items stand side by side, each under the member's own name, as the models of older services have it (`flattened`). */
export class FlatList {
  readonly items: readonly QueryValue[];

  constructor(items: readonly QueryValue[]) {
    this.items = items;
  }
}

export type QueryResult = { readonly [name: string]: QueryValue };

/** Whose document it is. */
export interface QueryNamespace {
  /** `https://iam.amazonaws.com/doc/2010-05-08/` */
  readonly xmlns: string;
  readonly requestId: string;
}

/** `<CreateUserResponse>` with its result; null: the operation has none. */
export function resultDocument(operation: string, result: QueryResult | null, about: QueryNamespace): string {
  const inner = result === null ? [] : [element(`${operation}Result`, ...members(result))];
  return rooted(`${operation}Response`, about.xmlns, [...inner, metadata(about.requestId)]);
}

export interface QueryErrorParts {
  /** Whose fault it is. */
  readonly type: "Sender" | "Receiver";
  readonly code: string;
  readonly message: string;
}

/** `<ErrorResponse>` */
export function errorDocument({ type, code, message }: QueryErrorParts, about: QueryNamespace): string {
  const error = element("Error", element("Type", type), element("Code", code), element("Message", message));
  return rooted("ErrorResponse", about.xmlns, [error, element("RequestId", about.requestId)]);
}

/** ISO 8601 in whole seconds, as the query services print it. */
export function queryTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

function metadata(requestId: string): Xml {
  return element("ResponseMetadata", element("RequestId", requestId));
}

function rooted(name: string, xmlns: string, content: readonly Xml[]): string {
  return `${declaration}<${name} xmlns="${xmlns}">${content.map(({ text }) => text).join("")}</${name}>`;
}

function members(result: QueryResult): Xml[] {
  return Object.entries(result)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => valueElement(name, value));
}

function valueElement(name: string, value: QueryValue): Xml {
  if (value === undefined || value === null) return new Xml("");
  if (value instanceof Date) return element(name, queryTime(value.getTime()));
  if (value instanceof FlatList) return new Xml(value.items.map((item) => valueElement(name, item).text).join(""));
  if (Array.isArray(value)) return element(name, ...value.map((item) => valueElement("member", item)));
  if (value instanceof Map) {
    const entries = [...value].map(([key, one]) => element("entry", element("key", key), valueElement("value", one)));
    return element(name, ...entries);
  }
  if (typeof value === "object") return element(name, ...members(value as QueryResult));
  return element(name, value as string | number | boolean);
}
