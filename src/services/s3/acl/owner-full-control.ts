import { canonicalIdOf, firstAccount } from "../../../auth/principal.ts";
import { child, childrenOf, childText, type XmlElement } from "../../../protocols/rest-xml/read.ts";
import { element, elementWith, xmlDocument } from "../../../protocols/rest-xml/write.ts";
import { readDocument } from "../body/document.ts";
import { S3Error } from "../errors/error.ts";
import type { Call } from "../handler.ts";
import { ownerElement, ownerElements } from "../listing/owner.ts";

const rootOwnerId = firstAccount.canonicalId;

/*
 * The one ACL that there is. Every bucket has Object Ownership's "bucket owner enforced": whatever is in it belongs to its
 * owner, who has full control, and no ACL can say otherwise.
 */

/** Headers by which a request sets an ACL, with the values that say no more than is so anyway. */
export const ACL_HEADERS: readonly { name: string; harmless: readonly string[] }[] = [
  { name: "x-amz-acl", harmless: ["private", "bucket-owner-full-control"] },
  { name: "x-amz-grant-full-control", harmless: [`id=${rootOwnerId}`, `id="${rootOwnerId}"`] },
  { name: "x-amz-grant-read", harmless: [] },
  { name: "x-amz-grant-read-acp", harmless: [] },
  { name: "x-amz-grant-write", harmless: [] },
  { name: "x-amz-grant-write-acp", harmless: [] },
];

const PERMISSIONS: ReadonlySet<string> = new Set(["FULL_CONTROL", "READ", "READ_ACP", "WRITE", "WRITE_ACP"]);

/** The ACL, as GetBucketAcl and GetObjectAcl answer it. */
export function ownerFullControl({ principal }: Call): string {
  const owner = ownerElement("Owner", principal);
  const grantee = elementWith(
    "Grantee",
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"',
    ...ownerElements(canonicalIdOf(principal)),
  );
  const grant = element("Grant", grantee, element("Permission", "FULL_CONTROL"));
  return xmlDocument("AccessControlPolicy", owner, element("AccessControlList", grant));
}

/**
 * Reads the ACL that PutBucketAcl or PutObjectAcl brings, in headers or as XML, and throws AccessControlListNotSupported
 * unless it is the one that there is; MalformedACLError, MalformedXML, UnexpectedContent, MissingSecurityHeader where it is
 * none. Headers that say something else were refused before this is called.
 */
export async function requireOwnerFullControl(call: Call): Promise<void> {
  const inHeaders = ACL_HEADERS.filter(({ name }) => call.headers.has(name));
  const hasBody = call.payload.stream !== null && call.payload.contentLengthBytes !== 0;
  if (inHeaders.length > 0) {
    if (hasBody) throw new S3Error("UnexpectedContent");
    if (inHeaders.length > 1 && call.headers.has("x-amz-acl")) {
      throw new S3Error("InvalidRequest", "Specifying both Canned ACLs and Header Grants is not allowed");
    }
    return;
  }
  if (!hasBody) throw new S3Error("MissingSecurityHeader");
  const grants = parseGrants(await readDocument(call, "AccessControlPolicy"));
  const isOwners = ({ grantee, permission }: Grant) => grantee === rootOwnerId && permission === "FULL_CONTROL";
  if (grants.length === 0 || !grants.every(isOwners)) throw new S3Error("AccessControlListNotSupported");
}

interface Grant {
  /** Canonical user id; undefined: a group, or somebody by e-mail address. */
  grantee: string | undefined;
  permission: string;
}

function parseGrants(policy: XmlElement): Grant[] {
  const owner = child(policy, "Owner");
  const list = child(policy, "AccessControlList");
  if (!list) throw new S3Error("MalformedACLError");
  if (owner && childText(owner, "ID") !== rootOwnerId) throw new S3Error("AccessControlListNotSupported");
  return childrenOf(list, "Grant").map((grant) => {
    const grantee = child(grant, "Grantee");
    const permission = childText(grant, "Permission") ?? "";
    if (!grantee || !PERMISSIONS.has(permission)) throw new S3Error("MalformedACLError");
    return { grantee: childText(grantee, "ID"), permission };
  });
}
