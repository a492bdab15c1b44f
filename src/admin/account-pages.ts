import {
  type AccountFailure,
  type AccountParts,
  createAccount,
  type Done,
  rekeyAccount,
  setAccountState,
} from "../auth/accounts.ts";
import { resealKeys } from "../auth/keys/reseal.ts";
import type { AccountRow } from "../metadata/identities/accounts.ts";
import type { Sealer } from "../sealing/root-sealer.ts";
import type { StoreContext } from "../store/context.ts";
import { jsonPage, refusal } from "./json-page.ts";
import type { AskedPage, OwnPage, RenderedPage } from "./serve-page.ts";

const ACCOUNTS_PER_PAGE_MAX = 1_000;

/**
 * `/-/accounts`: GET lists, POST makes one; `/-/accounts/close`, `/reopen` and `/rekey` change one; `/-/reseal` seals all secrets under the
 * current root secret. Bodies and answers are JSON.
 */
export function accountPages(store: StoreContext, sealer: Sealer): Map<string, OwnPage[]> {
  const { identities } = store.metadata;
  const parts = (): AccountParts => ({ identities, sealer, random: store.random, nowMs: store.clock.now() });
  const list: OwnPage = {
    method: "GET",
    action: "sherd:ListAccounts",
    render: async ({ query }) => {
      const limit = Number(query.get("limit") ?? ACCOUNTS_PER_PAGE_MAX);
      if (!Number.isInteger(limit) || limit < 1 || limit > ACCOUNTS_PER_PAGE_MAX) {
        return refusal(400, `limit must be 1 to ${ACCOUNTS_PER_PAGE_MAX}`);
      }
      const rows = await identities.accounts.list(query.get("after") ?? "", limit);
      const accounts = rows.slice(0, limit);
      return jsonPage({
        accounts: accounts.map(shown),
        next: rows.length > limit ? (accounts.at(-1)?.id ?? null) : null,
      });
    },
  };
  const create: OwnPage = {
    method: "POST",
    action: "sherd:CreateAccount",
    render: async ({ body }) => {
      const fields = readFields(body, ["name", "email"]);
      if (fields === null) return refusal(400, "the body must be JSON with name and email, both strings");
      const [name = "", email = ""] = fields;
      return rendered(201, await createAccount(parts(), { name, email }));
    },
  };
  const changing = (action: string, change: (accountId: string) => Promise<Done<object | null>>): OwnPage => ({
    method: "POST",
    action,
    render: async ({ body }: AskedPage) => {
      const [accountId] = readFields(body, ["accountId"]) ?? [];
      if (accountId === undefined) return refusal(400, "the body must be JSON with accountId, a string");
      const done = await change(accountId);
      return rendered(200, done.ok ? { ok: true, value: { accountId, ...done.value } } : done);
    },
  });
  const reseal: OwnPage = {
    method: "POST",
    action: "sherd:ResealSecrets",
    render: async ({ query }) => jsonPage(await resealKeys(identities.keys, sealer, query.get("from") ?? "")),
  };
  return new Map([
    ["accounts", [list, create]],
    ["accounts/close", [changing("sherd:CloseAccount", (id) => setAccountState(parts(), id, "closed"))]],
    ["accounts/reopen", [changing("sherd:ReopenAccount", (id) => setAccountState(parts(), id, "active"))]],
    ["accounts/rekey", [changing("sherd:RekeyAccount", (id) => rekeyAccount(parts(), id))]],
    ["reseal", [reseal]],
  ]);
}

function shown({ id, canonicalId, name, email, state, createdMs }: AccountRow) {
  return { accountId: id, canonicalId, name, email, state, createdAt: new Date(createdMs).toISOString() };
}

/** The named members of a JSON object, all of them strings, or null. Others are not taken: a misspelt one must not be ignored. */
function readFields(body: Uint8Array, names: readonly string[]): string[] | null {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(body));
  } catch {
    // SyntaxError, or TypeError for bytes that are not UTF-8.
    return null;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const fields = new Map(Object.entries(value));
  const found = names.map((name) => fields.get(name)).filter((field) => typeof field === "string");
  return found.length === names.length && fields.size === names.length ? found : null;
}

function rendered(status: 200 | 201, done: Done<object>): RenderedPage {
  return done.ok ? jsonPage(done.value, status) : refusedAs(done.failure);
}

function refusedAs(failure: AccountFailure): RenderedPage {
  switch (failure.kind) {
    case "invalid":
      return refusal(400, `${failure.field} must be ${failure.rule}`);
    case "email-taken":
      return refusal(409, `another account has the e-mail address ${failure.email}`);
    case "no-such-account":
      return refusal(404, `there is no account ${failure.accountId}`);
    case "first-account":
      return refusal(409, "the first account stays open; its root key is a secret of the Worker");
    case "conflict":
      return refusal(409, "the account was changed at the same time: try again");
  }
}
