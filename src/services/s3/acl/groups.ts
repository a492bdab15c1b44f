import type { Grantee } from "../../../store/types.ts";

type Group = Extract<Grantee, { group: string }>["group"];

/** The predefined groups. Follows "Access control list (ACL) overview" in the S3 User Guide. */
const URIS: Readonly<Record<Group, string>> = {
  AllUsers: "http://acs.amazonaws.com/groups/global/AllUsers",
  AuthenticatedUsers: "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
  LogDelivery: "http://acs.amazonaws.com/groups/s3/LogDelivery",
};

export function uriOf(group: Group): string {
  return URIS[group];
}

/** The group that a URI names, or null. */
export function groupOf(uri: string): Group | null {
  const found = Object.entries(URIS).find(([, known]) => known === uri);
  return found ? (found[0] as Group) : null;
}
