import { child, childText } from "../../../protocols/rest-xml/read.ts";
import { readDocument } from "../body/document.ts";
import { S3Error } from "../errors/error.ts";
import type { Call } from "../handler.ts";
import { GRANT_SHAPE, type GrantRules, parseGrants, resolveGrants } from "./grants-document.ts";
import { ACL_HEADERS } from "./headers.ts";
import { aclOfHeaders, type RequestedAcl } from "./requested-acl.ts";

const RULES: GrantRules = {
  permissions: new Set(["FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP"]),
  malformed: "MalformedACLError",
};

const SHAPE = { Owner: { ID: "text", DisplayName: "text" }, AccessControlList: { Grant: GRANT_SHAPE } } as const;

/** The ACL of a PutBucketAcl or PutObjectAcl, from headers or XML, and the owner in the XML. */
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
  const grants = await resolveGrants(parseGrants(list, RULES), call.directory);
  return { acl: { kind: "grants", grants }, ownerId: owner ? (childText(owner, "ID") ?? null) : null };
}
