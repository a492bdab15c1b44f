import { childText, type XmlElement } from "../../../protocols/rest-xml/read.ts";
import type { XmlShape } from "../../../protocols/rest-xml/shape.ts";
import { element, optional, type Xml, xmlDocument } from "../../../protocols/rest-xml/write.ts";
import {
  listNamed,
  type NamedKind,
  readNamed,
  removeNamed,
  setNamed,
} from "../../../store/buckets/named-configurations.ts";
import { KEY_BYTES_MAX } from "../../../store/types.ts";
import { readDocument } from "../body/document.ts";
import { S3Error } from "../errors/error.ts";
import type { Call, Handler } from "../handler.ts";
import { decodeToken, encodeToken } from "../listing/continuation-token.ts";
import { invalidArgument } from "../listing/parameters.ts";

const PAGE = 100;
const ID_CHARACTERS_MAX = 64;

/** Definition of a kind of named configuration. */
export interface NamedDocument<T extends { id: string }> {
  readonly kind: NamedKind;
  /** Root elements of one, and of a list of them. */
  readonly root: string;
  readonly listRoot: string;
  readonly scope: "ListIntelligentTiering" | "ListInventory";
  readonly shape: XmlShape;
  /** Reads one. Throws `S3Error`. */
  parse(root: XmlElement, call: Call): T | Promise<T>;
  /** The content of its element. */
  write(configuration: T): Xml[];
}

/** The four operations of a kind: Put, Get, List and Delete of the configuration with an `id`. */
export function namedOperations<T extends { id: string }>(
  of: NamedDocument<T>,
): { put: Handler; get: Handler; list: Handler; remove: Handler } {
  const { kind } = of;
  return {
    put: async (call) => {
      const id = requireId(call);
      const configuration = await of.parse(await readDocument(call, of.root, of.shape), call);
      if (configuration.id !== id) {
        throw new S3Error("InvalidArgument", "The ID in the request does not match the ID in the configuration", {
          ArgumentName: "id",
          ArgumentValue: id,
        });
      }
      const isSet = await setNamed(call.store, call.bucket, { kind, id, value: configuration });
      if (isSet) return { status: 200 };
      throw new S3Error("TooManyConfigurations");
    },
    get: async (call) => {
      const found = (await readNamed(call.store, call.bucket, { kind, id: requireId(call) })) as T | null;
      if (!found) throw new S3Error("NoSuchConfiguration");
      return { status: 200, body: xmlDocument(of.root, of.write(found)) };
    },
    list: async (call) => {
      const token = call.query.get("continuation-token");
      const after = token === null ? "" : String(decodeToken(of.scope, token));
      const { documents, next } = await listNamed(call.store, call.bucket, { kind, after, limit: PAGE });
      const body = xmlDocument(
        of.listRoot,
        optional("ContinuationToken", token ?? undefined),
        (documents as T[]).map((one) => element(of.root, of.write(one))),
        element("IsTruncated", next !== null),
        optional("NextContinuationToken", next === null ? undefined : encodeToken(of.scope, next)),
      );
      return { status: 200, body };
    },
    remove: async (call) => {
      const isRemoved = await removeNamed(call.store, call.bucket, { kind, id: requireId(call) });
      if (!isRemoved) throw new S3Error("NoSuchConfiguration");
      return { status: 204 };
    },
  };
}

/** Of the query. Throws InvalidArgument. */
function requireId({ query }: Call): string {
  const id = query.get("id") ?? "";
  if (isConfigurationId(id)) return id;
  throw invalidArgument("id", id, "The configuration ID is invalid");
}

/** The id in a configuration. Throws MalformedXML, InvalidArgument. */
export function parseConfigurationId(root: XmlElement): string {
  const id = childText(root, "Id")?.trim() ?? "";
  if (id === "") throw new S3Error("MalformedXML");
  if (isConfigurationId(id)) return id;
  throw invalidArgument("Id", id, "The configuration ID is invalid");
}

/** Throws InvalidArgument if the prefix is too long. */
export function checkPrefix(prefix: string, bytesMax = KEY_BYTES_MAX): void {
  if (new TextEncoder().encode(prefix).length > bytesMax) {
    throw invalidArgument("Prefix", prefix, `The maximum size of a prefix is ${bytesMax}`);
  }
}

/** 1 to 64 of letters, digits, period, underscore and hyphen. */
function isConfigurationId(id: string): boolean {
  return id.length <= ID_CHARACTERS_MAX && /^[A-Za-z0-9._-]+$/.test(id);
}
