import { parseArn } from "../../base/arn.ts";
import type { PolicyFailure, PolicyPlace } from "./failure.ts";
import { quoted, Refused } from "./refused.ts";
import { Wildcard, wildcardTokens } from "./wildcard.ts";

const vendorForm = /^(?:\*|[a-zA-Z0-9.-]+)$/;

/** The actions that a trust policy can be about. */
const trustActions = [
  "sts:assumerole",
  "sts:assumerolewithsaml",
  "sts:assumerolewithwebidentity",
  "sts:setcontext",
  "sts:setsourceidentity",
  "sts:tagsession",
];

/**
 * Checks the entries of Action or NotAction: `*`, or a service, a colon and a name. A trust policy has actions of assuming a role only,
 * a queue's or topic's policy those of its service. (A bucket's are checked with its resources.) Throws `Refused`.
 */
export function checkActions(actions: readonly string[], place: PolicyPlace): void {
  for (const action of actions) {
    checkForm(action);
    if (place.kind === "trust") checkTrustAction(action);
    if (place.kind === "resource") checkService(action, parseArn(place.arn)?.service ?? "");
  }
}

function refuse(failure: PolicyFailure): never {
  throw new Refused(failure);
}

function checkForm(action: string): void {
  if (action === "*") return;
  const [vendor = "", ...rest] = action.split(":");
  if (rest.length === 0) refuse({ kind: "malformedAction", action: quoted(action), problem: "noVendor" });
  if (rest.length > 1) refuse({ kind: "malformedAction", action: quoted(action), problem: "colons" });
  if (!vendorForm.test(vendor)) refuse({ kind: "malformedAction", action: quoted(action), problem: "vendor" });
}

function checkTrustAction(action: string): void {
  const pattern = new Wildcard(wildcardTokens(action.toLowerCase()));
  const isKnown = action !== "*" && trustActions.some((known) => pattern.matches(known));
  if (!isKnown) refuse({ kind: "foreignAction", action: quoted(action) });
}

function checkService(action: string, service: string): void {
  const vendor = action.split(":")[0]?.toLowerCase();
  if (vendor !== "*" && vendor !== service) refuse({ kind: "foreignAction", action: quoted(action) });
}
