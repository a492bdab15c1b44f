import { checkStore, parseCheckCursor } from "../maintenance/check/check.ts";
import {
  adoptDrive,
  beginHealing,
  type CountCursor,
  countLacking,
  goOnHealing,
} from "../maintenance/heal/heal-drives.ts";
import type { StoreContext } from "../store/context.ts";
import { budgetOf, CALL_SECONDS } from "./call-budget.ts";
import { jsonPage, refusal } from "./json-page.ts";
import type { OwnPage, RenderedPage } from "./serve-page.ts";

/**
 * `POST /-/heal?drive=NAME`, or `drive=all`, begins; without `drive` it goes on, and is called until it is `done`. `dry-run` counts what is
 * lacking and changes nothing; `adopt` takes over a drive of another store first; `bytes-per-second` bounds what is written.
 */
export function healPage(store: StoreContext): OwnPage {
  return {
    method: "POST",
    action: "sherd:Heal",
    async render({ query }) {
      const name = query.get("drive");
      const all = store.drives.map((drive) => drive.name);
      const names = name === null || name === "all" ? all : [name];
      if (names.some((one) => !all.includes(one))) return refusal(400, `there is no drive ${name}`);
      if (query.has("dry-run")) return dryRun(store, names, query.get("from"));
      if (query.has("adopt")) {
        if (name === null || name === "all") return refusal(400, "name the drive that is to be taken over");
        const adopted = await adoptDrive(store, name);
        if (adopted.state === "refused") return refusal(400, adopted.reason);
      }
      if (name !== null) {
        const refused = await beginHealing(store, names);
        if (refused) return refusal(400, refused.reason);
      }
      const bytesPerSecond = parseRate(query.get("bytes-per-second"));
      if (bytesPerSecond === "wrong") return refusal(400, "`bytes-per-second` must be a whole number above 0");
      // The first call only begins, so that the caller sees at once that it was understood.
      return jsonPage(await goOnHealing(store, { seconds: name === null ? CALL_SECONDS : 1, bytesPerSecond }));
    },
  };
}

/** `POST /-/verify`: as `GET /-/check`, and what is missing or wrong is queued for healing. */
export function verifyPage(store: StoreContext): OwnPage {
  return {
    method: "POST",
    action: "sherd:VerifyStore",
    async render({ query }) {
      const text = query.get("from");
      const from = text === null ? null : parseCheckCursor(text);
      if (text !== null && from === null) return refusal(400, "`from` is not what a check gave as `next`");
      return jsonPage(await checkStore(store, from, budgetOf(store), { notes: true }));
    },
  };
}

async function dryRun(store: StoreContext, names: readonly string[], text: string | null): Promise<RenderedPage> {
  const from = text === null ? null : parseCountCursor(text);
  if (text !== null && from === null) return refusal(400, "`from` is not what a dry run gave as `next`");
  return jsonPage(await countLacking(store, { names, from, budget: budgetOf(store) }));
}

function parseCountCursor(text: string): CountCursor | null {
  try {
    const { database, afterId } = JSON.parse(text) as Partial<CountCursor>;
    return typeof database === "string" && typeof afterId === "string" ? { database, afterId } : null;
  } catch {
    return null;
  }
}

function parseRate(text: string | null): number | null | "wrong" {
  if (text === null) return null;
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : "wrong";
}
