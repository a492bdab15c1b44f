import { createHash } from "node:crypto";
import type { Sealer } from "../sealing/root-sealer.ts";
import { QueryRefused } from "./failure.ts";
import type { Position } from "./run.ts";

/** Where the next page begins. */
export interface PageStart {
  readonly from: Position | null;
  /** Rows from there on that the pages before have had. */
  readonly skip: number;
  /** Rows of all pages before. */
  readonly given: number;
}

export const FIRST_PAGE: PageStart = { from: null, skip: 0, given: 0 };

/** Seals where a page ends, for the same query of the same caller alone. */
export function sealToken(sealer: Sealer, about: readonly unknown[], start: PageStart): string {
  return sealer.seal("query-token", contextOf(about), JSON.stringify(start));
}

/** Throws `QueryRefused`: the token is of another query or caller, or altered. */
export function openToken(sealer: Sealer, about: readonly unknown[], token: string): PageStart {
  const text = sealer.open("query-token", contextOf(about), token);
  if (text === null) throw new QueryRefused("InvalidToken", "the token is of another query, or altered");
  return JSON.parse(text) as PageStart;
}

function contextOf(about: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(about)).digest("hex");
}
