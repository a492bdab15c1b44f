import { SeededRandom } from "../../sim/random.ts";
import { createBucket, listBuckets } from "../../src/store/buckets/buckets.ts";
import { storeOf } from "../../src/store/buckets/databases.ts";
import { SimulatedDatabases } from "./databases.ts";
import { uniform } from "./population.ts";

const BUCKETS = 20_000;
const DATABASES = [2, 10, 100];
const REQUESTS = [100, 1_000, 10_000, 100_000, 1_000_000];
const PAGE = 1_000;

export interface DirectoryRow {
  figure: "directory";
  names: number;
  bytesPerName: number;
}

export interface LookupRow {
  figure: "lookup";
  buckets: number;
  /** How many requests an isolate answers before it is gone. */
  requestsPerIsolate: number;
  /** Round trips to the directory, of a thousand requests. */
  lookupsPerThousand: number;
}

export interface ListRow {
  figure: "list-buckets";
  databases: number;
  buckets: number;
  page: number;
  roundTripsPerPage: number;
  /** That the databases give, for the page's own rows. */
  rowsPerPage: number;
}

/** Size of the directory, frequency of lookups, and cost of listing buckets: by the real code. */
export async function measureDirectory(seed: number): Promise<(DirectoryRow | LookupRow | ListRow)[]> {
  const random = new SeededRandom(seed);
  const names = Array.from({ length: BUCKETS }, (_, n) => `customer-${n}-backups`);
  const rows: (DirectoryRow | LookupRow | ListRow)[] = [await directoryBytes(names)];
  for (const count of DATABASES) {
    const databases = await SimulatedDatabases.open((bytes) => random.bytes(bytes));
    databases.add(count);
    const store = databases.isolate();
    for (const name of names) await createBucket(store, { name, owner: "owner", region: "us-east-1" });
    rows.push(await listing(count));
    if (count === DATABASES.at(-1)) for (const requests of REQUESTS) rows.push(await lookups(requests));
    databases.close();

    async function listing(count: number): Promise<ListRow> {
      databases.take();
      let after = "";
      let pages = 0;
      for (let truncated = true; truncated; pages++) {
        const page = await listBuckets(store, { owner: "owner", prefix: "", after, limit: PAGE });
        after = page.buckets.at(-1)?.name ?? "";
        truncated = page.truncated;
      }
      const { roundTrips, rows } = databases.take();
      return {
        figure: "list-buckets",
        databases: count,
        buckets: BUCKETS,
        page: PAGE,
        roundTripsPerPage: roundTrips / pages,
        rowsPerPage: Math.round(rows / pages),
      };
    }

    async function lookups(requestsPerIsolate: number): Promise<LookupRow> {
      const isolates = Math.max(1, Math.round(REQUESTS_IN_ALL / requestsPerIsolate));
      databases.take();
      for (let isolate = 0; isolate < isolates; isolate++) {
        const fresh = databases.isolate();
        for (let n = 0; n < requestsPerIsolate; n++) await storeOf(fresh, names[popular(random)] as string);
      }
      const { ofFirst } = databases.take();
      const lookupsPerThousand = Math.round((10_000 * ofFirst) / (isolates * requestsPerIsolate)) / 10;
      return { figure: "lookup", buckets: BUCKETS, requestsPerIsolate, lookupsPerThousand };
    }
  }
  return rows;
}

async function directoryBytes(names: readonly string[]): Promise<DirectoryRow> {
  const databases = await SimulatedDatabases.open((bytes) => new Uint8Array(bytes));
  databases.add(1);
  const before = databases.bytesOf(0);
  const { placements } = databases.isolate().metadata;
  for (const name of names) await placements.claim(name, "DB_2");
  const bytesPerName = Math.round((databases.bytesOf(0) - before) / names.length);
  databases.close();
  return { figure: "directory", names: names.length, bytesPerName };
}

const REQUESTS_IN_ALL = 200_000;

/** Zipf: the nth bucket is used an nth as often as the first. */
function popular(random: SeededRandom): number {
  return Math.min(BUCKETS - 1, Math.floor(BUCKETS ** uniform(random)) - 1);
}
