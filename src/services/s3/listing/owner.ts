import type { Principal } from "../../../auth/principal.ts";
import { element, type Xml } from "../../../protocols/rest-xml/write.ts";

/** `<Owner>`, or an element of the same shape under another name (`Initiator`). */
export function ownerElement(name: string, principal: Principal): Xml {
  if (principal.kind === "anonymous") throw new Error("nothing is owned by anonymous");
  return element(name, element("ID", principal.ownerId), element("DisplayName", principal.displayName));
}
