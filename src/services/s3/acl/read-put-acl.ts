import { child, childrenOf, childText, type XmlElement } from "../../../protocols/rest-xml/read.ts";
import type { Grant } from "../../../store/types.ts";
import { readDocument } from "../body/document.ts";
import { S3Error } from "../errors/error.ts";
import type { Call } from "../handler.ts";
import { ACL_HEADERS } from "./headers.ts";
import {
  aclOfHeaders,
  boundedGrants,
  groupNamed,
  type NamedGrantee,
  type RequestedAcl,
  resolveGrantee,
} from "./requested-acl.ts";

const PERMISSIONS: ReadonlySet<string> = new Set(["FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP"]);

const OWNER = { ID: "text", DisplayName: "text" } as const;
const SHAPE = {
  Owner: OWNER,
  AccessControlList: {
    Grant: { Grantee: { ...OWNER, URI: "text", EmailAddress: "text", Type: "text" }, Permission: "text" },
  },
} as const;

/** The ACL that PutBucketAcl or PutObjectAcl brings, in headers or as XML, and the owner that the XML names. */
export interface PutAcl {
  readonly acl: RequestedAcl;
  readonly ownerId: string | null;
}

/** Throws as `aclOfHeaders`, and UnexpectedContent, MissingSecurityHeader, MalformedXML, MalformedACLError. */
export async function readPutAcl(call: Call): Promise<PutAcl> {
  const hasBody = call.payload.pieces !== null && call.payload.contentLengthBytes !== 0;
  if (ACL_HEADERS.some((name) => call.headers.has(name))) {
    if (hasBody) throw new S3Error("UnexpectedContent");
    return { acl: (await aclOfHeaders(call.headers, call.directory)) as RequestedAcl, ownerId: null };
  }
  if (!hasBody) throw new S3Error("MissingSecurityHeader");
  const policy = await readDocument(call, "AccessControlPolicy", SHAPE);
  const owner = child(policy, "Owner");
  const list = child(policy, "AccessControlList");
  if (!list) throw new S3Error("MalformedACLError");
  const grants: Grant[] = [];
  for (const element of boundedGrants(childrenOf(list, "Grant"))) {
    const { grantee, permission } = parseGrant(element);
    grants.push({ grantee: await resolveGrantee(grantee, call.directory), permission });
  }
  return { acl: { kind: "grants", grants }, ownerId: owner ? (childText(owner, "ID") ?? null) : null };
}

function parseGrant(element: XmlElement): { grantee: NamedGrantee; permission: Grant["permission"] } {
  const grantee = child(element, "Grantee");
  const permission = childText(element, "Permission")?.trim() ?? "";
  if (!grantee || !PERMISSIONS.has(permission)) throw new S3Error("MalformedACLError");
  const [id, uri, email] = ["ID", "URI", "EmailAddress"].map((name) => childText(grantee, name)?.trim());
  const named = [id !== undefined && { id }, uri !== undefined && groupNamed(uri), email !== undefined && { email }];
  const [only, ...others] = named.filter((each) => each !== false);
  if (only === undefined || others.length > 0) throw new S3Error("MalformedACLError");
  return { grantee: only, permission: permission as Grant["permission"] };
}
