import { child, childrenOf, childText, type XmlElement } from "../../../protocols/rest-xml/read.ts";
import type { Grant, Grantee } from "../../../store/types.ts";
import { readDocument } from "../body/document.ts";
import { S3Error } from "../errors/error.ts";
import type { Call } from "../handler.ts";
import { type CannedAcl, isCannedAcl } from "./canned.ts";
import type { AccountDirectory } from "./directory.ts";
import { groupOf } from "./groups.ts";
import { ACL_HEADERS, CANNED_ACL_HEADER, GRANT_HEADERS } from "./headers.ts";

/** An ACL as a request gives it. What a canned one grants depends on whose the resource is. */
export type RequestedAcl =
  | { readonly kind: "canned"; readonly name: CannedAcl }
  | { readonly kind: "grants"; readonly grants: readonly Grant[] };

/** As many grants as an ACL of S3 may have. */
const GRANTS_MAX = 100;
const PERMISSIONS: ReadonlySet<string> = new Set(["FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP"]);

/**
 * The ACL that headers give; null: none. Throws InvalidRequest for a canned ACL and grants at once, InvalidArgument for what is
 * malformed or names nobody, UnresolvableGrantByEmailAddress.
 */
export async function aclOfHeaders(headers: Headers, directory: AccountDirectory): Promise<RequestedAcl | null> {
  const canned = headers.get(CANNED_ACL_HEADER);
  const given = Object.entries(GRANT_HEADERS).filter(([name]) => headers.has(name));
  if (canned !== null) {
    if (given.length > 0) {
      throw new S3Error("InvalidRequest", "Specifying both Canned ACLs and Header Grants is not allowed");
    }
    if (isCannedAcl(canned)) return { kind: "canned", name: canned };
    throw new S3Error("InvalidArgument", undefined, { ArgumentName: CANNED_ACL_HEADER, ArgumentValue: canned });
  }
  if (given.length === 0) return null;
  const grants: Grant[] = [];
  for (const [name, permission] of given) {
    for (const grantee of parseGrantees(name, headers.get(name) as string)) {
      grants.push({ grantee: await resolve(grantee, directory), permission });
    }
  }
  return { kind: "grants", grants: bounded(grants) };
}

/** The ACL that PutBucketAcl or PutObjectAcl brings, in headers or as XML, and the owner that the XML names. */
export interface PutAcl {
  readonly acl: RequestedAcl;
  readonly ownerId: string | null;
}

/** Throws as `aclOfHeaders`, and UnexpectedContent, MissingSecurityHeader, MalformedXML, MalformedACLError. */
export async function readPutAcl(call: Call): Promise<PutAcl> {
  const hasBody = call.payload.stream !== null && call.payload.contentLengthBytes !== 0;
  if (ACL_HEADERS.some((name) => call.headers.has(name))) {
    if (hasBody) throw new S3Error("UnexpectedContent");
    return { acl: (await aclOfHeaders(call.headers, call.directory)) as RequestedAcl, ownerId: null };
  }
  if (!hasBody) throw new S3Error("MissingSecurityHeader");
  const policy = await readDocument(call, "AccessControlPolicy");
  const owner = child(policy, "Owner");
  const list = child(policy, "AccessControlList");
  if (!list) throw new S3Error("MalformedACLError");
  const grants: Grant[] = [];
  for (const element of bounded(childrenOf(list, "Grant"))) {
    const { grantee, permission } = parseGrant(element);
    grants.push({ grantee: await resolve(grantee, call.directory), permission });
  }
  return { acl: { kind: "grants", grants }, ownerId: owner ? (childText(owner, "ID") ?? null) : null };
}

type NamedGrantee = Grantee | { readonly email: string };

function parseGrant(element: XmlElement): { grantee: NamedGrantee; permission: Grant["permission"] } {
  const grantee = child(element, "Grantee");
  const permission = childText(element, "Permission")?.trim() ?? "";
  if (!grantee || !PERMISSIONS.has(permission)) throw new S3Error("MalformedACLError");
  const [id, uri, email] = ["ID", "URI", "EmailAddress"].map((name) => childText(grantee, name)?.trim());
  const named = [id !== undefined && { id }, uri !== undefined && groupNamed(uri), email !== undefined && { email }];
  const [only, ...others] = named.filter((each) => each !== false);
  if (only === undefined || others.length > 0) throw new S3Error("MalformedACLError");
  return { grantee: only, permission: permission as Grant["permission"] };
}

/** `id="…", uri=…, emailAddress="…"`, in quotes or not. */
function parseGrantees(header: string, text: string): NamedGrantee[] {
  return text.split(",").map((part) => {
    const [, type = "", quoted, bare] = /^\s*(id|uri|emailAddress)\s*=\s*(?:"([^"]*)"|([^\s"]+))\s*$/i.exec(part) ?? [];
    const value = quoted ?? bare ?? "";
    switch (type.toLowerCase()) {
      case "id":
        return { id: value };
      case "uri":
        return groupNamed(value);
      case "emailaddress":
        return { email: value };
      default:
        throw new S3Error("InvalidArgument", "Argument format not recognized", {
          ArgumentName: header,
          ArgumentValue: text,
        });
    }
  });
}

function groupNamed(uri: string): Grantee {
  const group = groupOf(uri);
  if (group !== null) return { group };
  throw new S3Error("InvalidArgument", "Invalid group uri", { ArgumentName: "uri", ArgumentValue: uri });
}

async function resolve(grantee: NamedGrantee, directory: AccountDirectory): Promise<Grantee> {
  if ("group" in grantee) return grantee;
  if ("email" in grantee) {
    const id = await directory.canonicalIdOfEmail(grantee.email);
    if (id !== null) return { id };
    throw new S3Error("UnresolvableGrantByEmailAddress", undefined, { EmailAddress: grantee.email.slice(0, 256) });
  }
  if (/^[0-9a-f]{64}$/.test(grantee.id) && (await directory.hasCanonicalId(grantee.id))) return grantee;
  throw new S3Error("InvalidArgument", "Invalid id", {
    ArgumentName: "CanonicalUser/ID",
    ArgumentValue: grantee.id.slice(0, 256),
  });
}

function bounded<T>(grants: readonly T[]): readonly T[] {
  if (grants.length > GRANTS_MAX) throw new S3Error("MalformedACLError");
  return grants;
}
