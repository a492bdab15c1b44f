import { showPrincipals } from "../../../auth/policy-principals.ts";
import type { EntityRow } from "../../../metadata/identities/entities.ts";
import type { IamCall } from "./call.ts";

/** Roles as they are shown: their trust policies with the ARNs that the principals have now (see `showPrincipals`). */
export async function withShownTrust(
  call: Pick<IamCall, "identities">,
  rows: readonly EntityRow[],
): Promise<EntityRow[]> {
  const trusts = await showPrincipals(
    call.identities.entities,
    rows.map(({ trust }) => trust ?? ""),
  );
  return rows.map((row, at) => (row.trust === null ? row : { ...row, trust: trusts[at] ?? row.trust }));
}
