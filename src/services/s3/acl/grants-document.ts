import { child, childrenOf, childText, type XmlElement } from "../../../protocols/rest-xml/read.ts";
import { element, elementWith, type Xml } from "../../../protocols/rest-xml/write.ts";
import type { Grant, Grantee } from "../../../store/types.ts";
import { S3Error } from "../errors/error.ts";
import { ownerElements } from "../listing/owner.ts";
import type { AccountDirectory } from "./directory.ts";
import { uriOf } from "./groups.ts";
import { boundedGrants, groupNamed, type NamedGrantee, resolveGrantee } from "./requested-acl.ts";

/** Schema of a Grant element. */
export const GRANT_SHAPE = {
  Grantee: { ID: "text", DisplayName: "text", URI: "text", EmailAddress: "text", Type: "text" },
  Permission: "text",
} as const;

/** A grant from a document. */
export interface NamedGrant {
  readonly grantee: NamedGrantee;
  readonly permission: Grant["permission"];
}

/** The permissions that may be granted, and the error for any other. */
export interface GrantRules {
  readonly permissions: ReadonlySet<string>;
  readonly malformed: "MalformedACLError" | "MalformedXML";
}

/**
 * Reads the grants in a list. Throws the errors of the rules, MalformedACLError for too many, and
 * InvalidArgument for an unknown group.
 */
export function parseGrants(list: XmlElement, rules: GrantRules): readonly NamedGrant[] {
  return boundedGrants(childrenOf(list, "Grant")).map((grant) => parseGrant(grant, rules));
}

function parseGrant(grant: XmlElement, { permissions, malformed }: GrantRules): NamedGrant {
  const grantee = child(grant, "Grantee");
  const permission = childText(grant, "Permission")?.trim() ?? "";
  if (!grantee || !permissions.has(permission)) throw new S3Error(malformed);
  const [id, uri, email] = ["ID", "URI", "EmailAddress"].map((name) => childText(grantee, name)?.trim());
  const named = [id !== undefined && { id }, uri !== undefined && groupNamed(uri), email !== undefined && { email }];
  const [only, ...others] = named.filter((each) => each !== false);
  if (only === undefined || others.length > 0) throw new S3Error(malformed);
  return { grantee: only, permission: permission as Grant["permission"] };
}

/**
 * The same with canonical ids. A D1 round trip for each grant to an account. Throws as
 * `resolveGrantee`.
 */
export async function resolveGrants(named: readonly NamedGrant[], directory: AccountDirectory): Promise<Grant[]> {
  const grants: Grant[] = [];
  for (const { grantee, permission } of named) {
    grants.push({ grantee: await resolveGrantee(grantee, directory), permission });
  }
  return grants;
}

/** Grants in S3's form, one Grant element each. */
export function grantElements(grants: readonly Grant[]): Xml[] {
  return grants.map(({ grantee, permission }) =>
    element("Grant", granteeElement(grantee), element("Permission", permission)),
  );
}

function granteeElement(grantee: Grantee): Xml {
  const attributes = (type: string) => `xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="${type}"`;
  if ("group" in grantee) return elementWith("Grantee", attributes("Group"), element("URI", uriOf(grantee.group)));
  return elementWith("Grantee", attributes("CanonicalUser"), ...ownerElements(grantee.id));
}
