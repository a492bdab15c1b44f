import type { Grant, Grantee } from "../../../store/types.ts";
import { S3Error } from "../errors/error.ts";
import { type CannedAcl, isCannedAcl } from "./canned.ts";
import type { AccountDirectory } from "./directory.ts";
import { groupOf } from "./groups.ts";
import { CANNED_ACL_HEADER, GRANT_HEADERS } from "./headers.ts";

/** An ACL from a request. The grants of a canned one depend on the resource's owner. */
export type RequestedAcl =
  | { readonly kind: "canned"; readonly name: CannedAcl }
  | { readonly kind: "grants"; readonly grants: readonly Grant[] };

/** Most grants in an ACL of S3. */
const GRANTS_MAX = 100;

/**
 * The ACL from headers; null: none. Throws InvalidRequest for a canned ACL together with grants,
 * InvalidArgument for malformed grants or unknown grantees, UnresolvableGrantByEmailAddress.
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
      grants.push({ grantee: await resolveGrantee(grantee, directory), permission });
    }
  }
  return { kind: "grants", grants: boundedGrants(grants) };
}

export type NamedGrantee = Grantee | { readonly email: string };

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

/** Throws InvalidArgument if no group has the URI. */
export function groupNamed(uri: string): Grantee {
  const group = groupOf(uri);
  if (group !== null) return { group };
  throw new S3Error("InvalidArgument", "Invalid group uri", { ArgumentName: "uri", ArgumentValue: uri });
}

/**
 * The grantee with its canonical id. Throws InvalidArgument or UnresolvableGrantByEmailAddress if
 * it does not exist.
 */
export async function resolveGrantee(grantee: NamedGrantee, directory: AccountDirectory): Promise<Grantee> {
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

/** Throws MalformedACLError for more grants than an ACL may have. */
export function boundedGrants<T>(grants: readonly T[]): readonly T[] {
  if (grants.length > GRANTS_MAX) throw new S3Error("MalformedACLError");
  return grants;
}
