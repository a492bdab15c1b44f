import { PRICES } from "../../base/prices.ts";
import type { StoreContext } from "../../store/context.ts";
import { gather } from "../run/gather.ts";

/** KV accepts no larger values: a drive with this limit is taken for a KV namespace. */
const KV_VALUE_BYTES_MAX = 25 * 1024 * 1024;

export interface MonthlyCost {
  /** The stored shards and parity, at the price of R2 or KV. */
  drives: number;
  /** The size of the databases. */
  metadata: number;
  total: number;
}

/**
 * Monthly cost of what is stored now, in US dollars at list prices, beyond what a paid plan
 * includes; requests are not part of it (docs/cost.md). `share`: the reported part of it, 0 to 1.
 * Null: the drives were not counted yet. Six round trips to each database.
 */
export async function monthlyCost(store: StoreContext): Promise<((share: number) => MonthlyCost) | null> {
  const { census, databases } = await gather(store);
  if (census === null) return null;
  const drives = store.drives.reduce((sum, { name, shardBytesMax }) => {
    const price = shardBytesMax <= KV_VALUE_BYTES_MAX ? PRICES.kvByteMonth : PRICES.r2ByteMonth;
    return sum + (census.totals.drives[name]?.bytes ?? 0) * price;
  }, 0);
  const metadata = databases.reduce((sum, { sizeBytes }) => sum + sizeBytes * PRICES.d1ByteMonth, 0);
  return (share) => ({
    drives: rounded(drives * share),
    metadata: rounded(metadata * share),
    total: rounded((drives + metadata) * share),
  });
}

/** To a hundredth of a cent. */
function rounded(dollars: number): number {
  return Math.round(dollars * 10_000) / 10_000;
}
