import type { EntityKind, EntityRow } from "../../../metadata/identities/entities.ts";
import type { IamCall } from "./call.ts";
import { cutPage, decodeMarker, pageSize } from "./pages.ts";

/** A page of users, groups or roles. */
export async function listEntities(
  { account, identities }: IamCall,
  kind: EntityKind,
  page: { PathPrefix?: string | undefined; Marker: string | undefined; MaxItems: number | undefined },
): Promise<{ rows: EntityRow[]; end: { IsTruncated: boolean; Marker?: string } }> {
  const limit = pageSize(page.MaxItems);
  const place = decodeMarker(page.Marker, 2);
  const rows = await identities.entities.list({
    accountId: account.id,
    kind,
    pathPrefix: page.PathPrefix ?? "/",
    after: place === null ? null : { path: place[0] as string, name: place[1] as string },
    limit,
  });
  return cutPage(rows, limit, ({ path, name }) => [path, name]);
}
