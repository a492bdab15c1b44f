import { managedPolicies } from "../../../auth/policy/managed-policies.ts";
import type { QueryResult } from "../../../protocols/aws-query/answer.ts";
import { flag, text } from "../../../protocols/aws-query/fields.ts";
import type { IamCall } from "../model/call.ts";
import { policyDocument } from "../model/documents.ts";
import * as fields from "../model/fields.ts";
import { cutPage, decodeMarker, pageSize } from "../model/pages.ts";
import { listOf } from "../model/targets.ts";
import { operation } from "../operation.ts";
import { managedPolicyDocument, type PolicyUsage } from "./managed-documents.ts";
import { usageOf } from "./usage.ts";

/** A policy of a listing, and where a page that ends with it goes on: AWS's own come first, in the order of names. */
interface Listed {
  readonly place: readonly [scope: "aws" | "local", name: string];
  readonly document: QueryResult;
}

export const listPolicies = operation({
  fields: {
    Scope: text({ oneOf: ["All", "AWS", "Local"] }),
    OnlyAttached: flag(),
    PathPrefix: fields.policyPath,
    PolicyUsageFilter: text({ oneOf: ["PermissionsPolicy", "PermissionsBoundary"] }),
    ...fields.page,
  },
  target: (call, { PathPrefix }) => listOf("policy", call, PathPrefix),
  async run(call, { Scope = "All", OnlyAttached = false, PathPrefix = "/", PolicyUsageFilter, Marker, MaxItems }) {
    const limit = pageSize(MaxItems);
    const [scope, name] = decodeMarker(Marker, 2) ?? ["aws", ""];
    const used = (usage: PolicyUsage) => {
      if (PolicyUsageFilter === "PermissionsBoundary") return usage.boundaries > 0;
      if (PolicyUsageFilter === "PermissionsPolicy") return usage.attachments > 0;
      return !OnlyAttached || usage.attachments > 0;
    };
    const listed: Listed[] = [];
    const asked = { pathPrefix: PathPrefix, used, limit };
    if (Scope !== "Local" && scope === "aws") listed.push(...(await awsPolicies(call, { ...asked, after: name })));
    if (Scope !== "AWS" && listed.length <= limit) {
      const after = scope === "local" ? name : "";
      listed.push(...(await ownPolicies(call, { ...asked, after, limit: limit - listed.length })));
    }
    const { rows, end } = cutPage(listed, limit, ({ place }) => place);
    return { Policies: rows.map(({ document }) => document), ...end };
  },
});

interface Asked {
  readonly after: string | undefined;
  readonly pathPrefix: string;
  readonly limit: number;
  used(usage: PolicyUsage): boolean;
}

async function awsPolicies(call: IamCall, { after = "", pathPrefix, limit, used }: Asked): Promise<Listed[]> {
  const matching = managedPolicies
    .filter(({ name, path }) => name > after && path.startsWith(pathPrefix))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const usage = await usageOf(
    call,
    matching.map(({ arn }) => arn),
  );
  return matching
    .filter(({ arn }) => used(usage(arn)))
    .slice(0, limit + 1)
    .map((policy) => ({ place: ["aws", policy.name], document: managedPolicyDocument(policy, usage(policy.arn)) }));
}

/** As many rows are read as it takes to fill the page, if a filter leaves most of them out. */
async function ownPolicies(call: IamCall, { after = "", pathPrefix, limit, used }: Asked): Promise<Listed[]> {
  const listed: Listed[] = [];
  let from: string | null = after;
  while (from !== null && listed.length <= limit) {
    const page = { accountId: call.account.id, after: from, limit: limit + 1, pathPrefix };
    const rows = await call.identities.policies.list(page);
    const usage = await usageOf(
      call,
      rows.map(({ arn }) => arn),
    );
    for (const policy of rows.filter(({ arn }) => used(usage(arn)))) {
      const { Tags: _, ...document } = policyDocument(policy, usage(policy.arn).boundaries);
      listed.push({ place: ["local", policy.name], document });
    }
    from = rows.length > limit + 1 ? (rows.at(-1)?.name ?? null) : null;
  }
  return listed;
}
