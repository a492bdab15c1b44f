import { element, xmlDocument } from "../../../protocols/rest-xml/write.ts";
import type { Grant } from "../../../store/types.ts";
import { ownerElements } from "../listing/owner.ts";
import { grantElements } from "./grants-document.ts";

/** An ACL in the form of GetBucketAcl and GetObjectAcl. */
export function aclDocument(ownerId: string, acl: readonly Grant[]): string {
  const owner = element("Owner", ...ownerElements(ownerId));
  return xmlDocument("AccessControlPolicy", owner, element("AccessControlList", grantElements(acl)));
}
