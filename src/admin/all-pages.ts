import type { QueryParts } from "../query/ask.ts";
import type { SeeBucket } from "../query/sight.ts";
import type { Sealer } from "../sealing/root-sealer.ts";
import type { StoreContext } from "../store/context.ts";
import { accountPages } from "./account-pages.ts";
import type { Observed } from "./isolate-metrics.ts";
import { ownPages } from "./pages.ts";
import type { OwnPage } from "./serve-page.ts";
import { sqlPages } from "./sql-page.ts";

interface PageParts {
  readonly observed: Observed;
  /** Null: there is no root key, and nobody to ask for pages that need one. */
  readonly keys: { readonly sealer: Sealer } | null;
  readonly queries: QueryParts | null;
  readonly seeBucket: SeeBucket;
  readonly dataKeysOf?: Parameters<typeof ownPages>[2];
}

/** All own pages, by name below `/-/`. */
export function allPages(store: StoreContext, parts: PageParts): Map<string, OwnPage[]> {
  const { observed, keys, queries, seeBucket, dataKeysOf } = parts;
  return new Map([
    ...ownPages(store, observed, dataKeysOf),
    ...(keys === null ? [] : accountPages(store, keys.sealer)),
    ...(queries === null ? [] : sqlPages(queries, seeBucket)),
  ]);
}
