import { element, elementWith, type Xml, xmlDocument } from "../../../protocols/rest-xml/write.ts";
import type { Grant, Grantee } from "../../../store/types.ts";
import { ownerElements } from "../listing/owner.ts";
import { uriOf } from "./groups.ts";

/** An ACL, as GetBucketAcl and GetObjectAcl answer it. */
export function aclDocument(ownerId: string, acl: readonly Grant[]): string {
  const owner = element("Owner", ...ownerElements(ownerId));
  const grants = acl.map(({ grantee, permission }) =>
    element("Grant", granteeElement(grantee), element("Permission", permission)),
  );
  return xmlDocument("AccessControlPolicy", owner, element("AccessControlList", grants));
}

function granteeElement(grantee: Grantee): Xml {
  const attributes = (type: string) => `xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="${type}"`;
  if ("group" in grantee) return elementWith("Grantee", attributes("Group"), element("URI", uriOf(grantee.group)));
  return elementWith("Grantee", attributes("CanonicalUser"), ...ownerElements(grantee.id));
}
