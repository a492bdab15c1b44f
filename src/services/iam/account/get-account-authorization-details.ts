import { managedPolicies } from "../../../auth/policy/managed-policies.ts";
import type { EntityDetails, EntityKind, EntityRow } from "../../../metadata/identities/entities.ts";
import type { QueryResult } from "../../../protocols/aws-query/answer.ts";
import { list, text } from "../../../protocols/aws-query/fields.ts";
import { attachedDocument } from "../held/attached-policies.ts";
import type { IamCall } from "../model/call.ts";
import {
  encodeDocument,
  groupDocument,
  policyDocument,
  roleDocument,
  userDocument,
  versionDocument,
} from "../model/documents.ts";
import * as fields from "../model/fields.ts";
import { decodeMarker, encodeMarker, pageSize } from "../model/pages.ts";
import { anything } from "../model/targets.ts";
import { withShownTrust } from "../model/trust.ts";
import { operation } from "../operation.ts";
import { managedPolicyDocument, managedVersionDocument } from "../policies/managed-documents.ts";
import { usageOf } from "../policies/usage.ts";

/** What a page is made of, in this order. */
const sections = ["User", "Group", "Role", "LocalManagedPolicy", "AWSManagedPolicy"] as const;
type Section = (typeof sections)[number];

/** Where in its section a page ends; null: it is through. */
interface Piece {
  readonly documents: QueryResult[];
  readonly next: string | null;
}

const members: Readonly<Record<Section, "UserDetailList" | "GroupDetailList" | "RoleDetailList" | "Policies">> = {
  User: "UserDetailList",
  Group: "GroupDetailList",
  Role: "RoleDetailList",
  LocalManagedPolicy: "Policies",
  AWSManagedPolicy: "Policies",
};

export const getAccountAuthorizationDetails = operation({
  fields: { Filter: list(text({ oneOf: sections }), { max: 5 }), ...fields.page },
  target: anything,
  async run(call, { Filter, Marker, MaxItems }) {
    const wanted = sections.filter((one) => Filter.length === 0 || Filter.includes(one));
    const [section, after] = decodeMarker(Marker, 2) ?? [wanted[0] ?? "", ""];
    const details: Record<string, QueryResult[]> = {
      UserDetailList: [],
      GroupDetailList: [],
      RoleDetailList: [],
      Policies: [],
    };
    let room = pageSize(MaxItems);
    let place = after ?? "";
    for (const one of wanted.slice(Math.max(0, wanted.indexOf(section as Section)))) {
      if (room === 0) return { ...details, IsTruncated: true, Marker: encodeMarker([one, place]) };
      const { documents, next } = await piece(call, one, { after: place, limit: room });
      details[members[one]]?.push(...documents);
      room -= documents.length;
      if (next !== null) return { ...details, IsTruncated: true, Marker: encodeMarker([one, next]) };
      place = "";
    }
    return { ...details, IsTruncated: false };
  },
});

interface Part {
  readonly after: string;
  readonly limit: number;
}

function piece(call: IamCall, section: Section, part: Part): Promise<Piece> {
  switch (section) {
    case "User":
      return entityPiece(call, "user", part);
    case "Group":
      return entityPiece(call, "group", part);
    case "Role":
      return entityPiece(call, "role", part);
    case "LocalManagedPolicy":
      return ownPolicies(call, part);
    case "AWSManagedPolicy":
      return awsPolicies(call, part);
  }
}

async function entityPiece(call: IamCall, kind: EntityKind, { after, limit }: Part): Promise<Piece> {
  const { entities } = call.identities;
  const place = after === "" ? null : { name: after, path: "/" };
  const rows = await entities.list({ accountId: call.account.id, kind, pathPrefix: "/", after: place, limit });
  const cut = rows.slice(0, limit);
  const details = await entities.details(kind === "role" ? await withShownTrust(call, cut) : cut);
  const groups = kind === "user" ? await entities.groupNames(cut.map(({ id }) => id)) : new Map<string, string[]>();
  const documents = details.map((one) => detailOf(one, groups.get(one.entity.id) ?? []));
  return { documents, next: rows.length > limit ? (cut.at(-1)?.name ?? null) : null };
}

function detailOf({ entity, inline, attached }: EntityDetails, groups: readonly string[]): QueryResult {
  const policies = inline.map(({ name, document }) => ({ PolicyName: name, PolicyDocument: encodeDocument(document) }));
  const AttachedManagedPolicies = attached.map(attachedDocument);
  return { ...ownDetail(entity, policies, groups), AttachedManagedPolicies };
}

function ownDetail(entity: EntityRow, policies: QueryResult[], groups: readonly string[]): QueryResult {
  switch (entity.kind) {
    case "user":
      return { ...userDocument(entity), UserPolicyList: policies, GroupList: groups };
    case "group":
      return { ...groupDocument(entity), GroupPolicyList: policies };
    case "role": {
      const { Description: _, MaxSessionDuration: __, ...role } = roleDocument(entity);
      return { ...role, InstanceProfileList: [], RolePolicyList: policies };
    }
  }
}

async function ownPolicies(call: IamCall, { after, limit }: Part): Promise<Piece> {
  const { policies } = call.identities;
  const rows = await policies.list({ accountId: call.account.id, after, limit, pathPrefix: "/" });
  const cut = rows.slice(0, limit);
  const arns = cut.map(({ arn }) => arn);
  const [versions, usage] = [await policies.versionsOf(arns), await usageOf(call, arns)];
  const documents = cut.map((policy) => {
    const { Tags: _, ...document } = policyDocument(policy, usage(policy.arn).boundaries);
    const all = versions.get(policy.arn) ?? [];
    const listed = all.map((version) => versionDocument(version, policy.defaultVersion, { withDocument: true }));
    return { ...document, PolicyVersionList: listed };
  });
  return { documents, next: rows.length > limit ? (cut.at(-1)?.name ?? null) : null };
}

async function awsPolicies(call: IamCall, { after, limit }: Part): Promise<Piece> {
  const sorted = managedPolicies.filter(({ name }) => name > after).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const cut = sorted.slice(0, limit);
  const usage = await usageOf(
    call,
    cut.map(({ arn }) => arn),
  );
  const documents = cut.map((policy) => ({
    ...managedPolicyDocument(policy, usage(policy.arn)),
    PolicyVersionList: [managedVersionDocument(policy, { withDocument: true })],
  }));
  return { documents, next: sorted.length > limit ? (cut.at(-1)?.name ?? null) : null };
}
