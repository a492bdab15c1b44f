import { accountOfKeyId } from "../auth/keys/key-id.ts";
import { parseRate } from "../edge/rate-limiter.ts";
import { GuardError } from "../metadata/database.ts";
import { setRateLimit } from "../metadata/identities/rate-limits.ts";
import { allStores } from "../store/buckets/databases.ts";
import type { StoreContext } from "../store/context.ts";
import { jsonPage, refusal } from "./json-page.ts";
import { readMembers } from "./read-members.ts";
import type { OwnPage, RenderedPage } from "./serve-page.ts";

const LIMITS_PER_PAGE = 1_000;
const MEASURES = ["requestsPerSecond", "bytesInPerSecond", "bytesOutPerSecond"];

/** `/-/rate-limits`: GET lists, PUT sets and DELETE takes away the limits of an account or of one of its keys (docs/quotas.md). */
export function rateLimitPages(store: StoreContext): Map<string, OwnPage[]> {
  const { metadata, clock } = store;
  const { accounts, rateLimits } = metadata.identities;
  const [, ...others] = allStores(store);
  const change = async (
    subject: { accountId: string; accessKeyId: string | null },
    limit: Parameters<typeof setRateLimit>[1],
  ): Promise<RenderedPage> => {
    const account = await accounts.find(subject.accountId);
    if (!account) return refusal(404, `there is no account ${subject.accountId}`);
    try {
      const { id, accessEpoch: seen } = account;
      await accounts.change({ id, seen, nowMs: clock.now() }, [setRateLimit(subject, limit)]);
    } catch (error) {
      if (!(error instanceof GuardError) || error.guard !== "access_changed") throw error;
      return refusal(409, "the account was changed at the same time: try again");
    }
    // For requests that nobody signs: they read a bucket's limits in the bucket's own database. If this fails, the caller sets them again.
    if (subject.accessKeyId === null) {
      await Promise.all(others.map((other) => other.metadata.identities.rateLimits.copy(account.id, limit)));
    }
    return jsonPage({ ...subject, ...limit });
  };
  const list: OwnPage = {
    method: "GET",
    action: "sherd:ListRateLimits",
    render: async ({ query }) => {
      const [accountId = "", accessKeyId = ""] = (query.get("after") ?? "").split("/");
      const rows = await rateLimits.list({ accountId, accessKeyId }, LIMITS_PER_PAGE);
      const last = rows.length < LIMITS_PER_PAGE ? undefined : rows.at(-1);
      return jsonPage({ limits: rows, next: last ? `${last.accountId}/${last.accessKeyId ?? ""}` : null });
    },
  };
  const put: OwnPage = {
    method: "PUT",
    action: "sherd:PutRateLimit",
    render: async ({ body }) => {
      const members = readMembers(body, ["accountId", "accessKeyId", ...MEASURES]);
      if (members === null) return refusal(400, EXPECTED);
      const subject = subjectOf(members.get("accountId"), members.get("accessKeyId") ?? null);
      if (typeof subject === "string") return refusal(400, subject);
      const rate = parseRate([...members].filter(([name]) => MEASURES.includes(name)));
      const isEmpty = rate === null || Object.values(rate).every((value) => value === null);
      return isEmpty ? refusal(400, EXPECTED) : change(subject, rate);
    },
  };
  const remove: OwnPage = {
    method: "DELETE",
    action: "sherd:DeleteRateLimit",
    render: async ({ query }) => {
      const subject = subjectOf(query.get("accountId"), query.get("accessKeyId"));
      return typeof subject === "string" ? refusal(400, subject) : change(subject, null);
    },
  };
  return new Map([["rate-limits", [list, put, remove]]]);
}

const EXPECTED = `accountId, accessKeyId or none, and one or more of ${MEASURES.join(", ")}: whole numbers from 1, or null`;

/** Whom limits are for, or what is wrong with it. A key belongs to the account that its id names. */
function subjectOf(
  accountId: unknown,
  accessKeyId: unknown,
): { accountId: string; accessKeyId: string | null } | string {
  if (typeof accountId !== "string" || !/^\d{12}$/.test(accountId)) return "accountId must have 12 digits";
  if (accessKeyId === null) return { accountId, accessKeyId: null };
  if (typeof accessKeyId !== "string" || accountOfKeyId(accessKeyId) !== accountId) {
    return "accessKeyId must be a key of the account";
  }
  return { accountId, accessKeyId };
}
