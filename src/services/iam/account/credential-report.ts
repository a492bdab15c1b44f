import type { EntityRow } from "../../../metadata/identities/entities.ts";
import type { ListedKey } from "../../../metadata/identities/keys.ts";
import { queryTime } from "../../../protocols/aws-query/answer.ts";
import { QueryError } from "../../../protocols/aws-query/error.ts";
import { entityArn, iamArn } from "../model/arns.ts";
import type { IamCall } from "../model/call.ts";
import { anything } from "../model/targets.ts";
import { operation } from "../operation.ts";

/** Users that a report has; one of more is not made, because it is a single answer. */
const REPORT_USERS_MAX = 20_000;
const PAGE = 1_000;

const columns = [
  "user",
  "arn",
  "user_creation_time",
  "password_enabled",
  "password_last_used",
  "password_last_changed",
  "password_next_rotation",
  "mfa_active",
  "access_key_1_active",
  "access_key_1_last_rotated",
  "access_key_1_last_used_date",
  "access_key_1_last_used_region",
  "access_key_1_last_used_service",
  "access_key_2_active",
  "access_key_2_last_rotated",
  "access_key_2_last_used_date",
  "access_key_2_last_used_region",
  "access_key_2_last_used_service",
  "cert_1_active",
  "cert_1_last_rotated",
  "cert_2_active",
  "cert_2_last_rotated",
];

/** The report is made when it is fetched, so there is nothing to wait for. */
export const generateCredentialReport = operation({
  fields: {},
  target: anything,
  run: async () => ({ State: "COMPLETE" }),
});

/** A table of all users and their keys, as CSV in base64. */
export const getCredentialReport = operation({
  fields: {},
  target: anything,
  async run(call) {
    const { account, identities, nowMs } = call;
    const rootKeys = await identities.keys.ofOwner(account.id);
    const root = line("<root_account>", iamArn(account.id, "root"), { createdMs: account.createdMs, keys: rootKeys });
    const lines = [columns.join(","), root];
    for await (const users of pagesOfUsers(call)) {
      const keys = await identities.keys.ofOwners(users.map(({ id }) => id));
      for (const user of users) {
        lines.push(line(user.name, entityArn(user), { createdMs: user.createdMs, keys: keys.get(user.id) ?? [] }));
      }
      if (lines.length > REPORT_USERS_MAX) {
        throw new QueryError("ReportNotPresent", 410, `The account has more than ${REPORT_USERS_MAX} users.`);
      }
    }
    // Names are ASCII.
    return { Content: btoa(lines.join("\n")), ReportFormat: "text/csv", GeneratedTime: new Date(nowMs) };
  },
});

async function* pagesOfUsers({ account, identities }: IamCall): AsyncGenerator<EntityRow[]> {
  let after: EntityRow | null = null;
  do {
    const page = { accountId: account.id, kind: "user", pathPrefix: "/", limit: PAGE } as const;
    const rows: EntityRow[] = await identities.entities.list({ ...page, after });
    yield rows.slice(0, PAGE);
    after = rows.length > PAGE ? (rows[PAGE - 1] ?? null) : null;
  } while (after !== null);
}

/** Nobody has a password, a second factor or a certificate here. */
function line(
  name: string,
  arn: string,
  { createdMs, keys }: { createdMs: number; keys: readonly ListedKey[] },
): string {
  const none = ["false", "N/A", "N/A", "N/A", "false"];
  const [first, second] = keys;
  const certificates = ["false", "N/A", "false", "N/A"];
  return [name, arn, queryTime(createdMs), ...none, ...keyColumns(first), ...keyColumns(second), ...certificates].join(
    ",",
  );
}

function keyColumns(key: ListedKey | undefined): string[] {
  if (key === undefined) return ["false", "N/A", "N/A", "N/A", "N/A"];
  const { status, createdMs, usedMs, usedRegion, usedService } = key;
  const used = usedMs === null ? "N/A" : queryTime(usedMs);
  return [`${status === "Active"}`, queryTime(createdMs), used, usedRegion ?? "N/A", usedService ?? "N/A"];
}
