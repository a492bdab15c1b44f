import { canonicalIdOf, firstAccount, type Principal } from "../../../auth/principal.ts";
import { element, type Xml } from "../../../protocols/rest-xml/write.ts";
import { ANONYMOUS_OWNER } from "../acl/anonymous-owner.ts";

/** `<Owner>`, or an element of the same shape under another name (`Initiator`). */
export function ownerElement(name: string, principal: Principal): Xml {
  return element(name, ...ownerElements(canonicalIdOf(principal)));
}

/** S3 no longer names owners; the first account's name stays for clients that show it. */
export function ownerElements(canonicalId: string): Xml[] {
  if (canonicalId === "") return [element("ID", ANONYMOUS_OWNER.id)];
  const displayName = canonicalId === firstAccount.canonicalId ? [element("DisplayName", firstAccount.name)] : [];
  return [element("ID", canonicalId), ...displayName];
}
