import { toBase64 } from "../../base/bytes.ts";

/** What an operation answers with. Undefined and null members are left out, times become seconds since 1970, bytes base64. */
export type JsonAnswer =
  | string
  | number
  | boolean
  | Date
  | Uint8Array
  | null
  | undefined
  | readonly JsonAnswer[]
  | ReadonlyMap<string, JsonAnswer>
  | { readonly [name: string]: JsonAnswer };

export type JsonResult = { readonly [name: string]: JsonAnswer };

/** The document of a result; null: the operation has none, which is an empty object. */
export function resultDocument(result: JsonResult | null): string {
  return JSON.stringify(plain(result ?? {}));
}

export interface JsonErrorParts {
  /** With the service's namespace if it has one: `com.amazonaws.sqs#QueueDoesNotExist`. */
  readonly type: string;
  readonly message: string;
  readonly members?: JsonResult;
}

/** `message` is how the models of all services spell it. */
export function errorDocument({ type, message, members = {} }: JsonErrorParts): string {
  return resultDocument({ __type: type, message, ...members });
}

function plain(value: JsonAnswer): unknown {
  if (value === null || value === undefined || typeof value !== "object") return value ?? undefined;
  if (value instanceof Date) return value.getTime() / 1000;
  if (value instanceof Uint8Array) return toBase64(value);
  if (Array.isArray(value)) return value.map(plain);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return Object.fromEntries(entries.map(([name, one]) => [name, plain(one)]));
}
