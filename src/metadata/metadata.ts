import type { AccessGuard } from "./access-guard.ts";
import { AccessLogTable } from "./access-logs/access-logs.ts";
import { Annotations } from "./annotations/annotations.ts";
import { BlobTable } from "./blobs/blobs.ts";
import { CensusTable } from "./blobs/census.ts";
import { CheckingTable } from "./blobs/checking.ts";
import { HealingTable } from "./blobs/healing.ts";
import { PackingTable } from "./blobs/packing.ts";
import { PlacingTable } from "./blobs/placing.ts";
import { ScrubbingTable } from "./blobs/scrubbing.ts";
import { TierTable } from "./blobs/tiers.ts";
import { WalkingTable } from "./blobs/walking.ts";
import { AccessMemory } from "./buckets/access-memory.ts";
import { BucketTable } from "./buckets/buckets.ts";
import { FIRST_DATABASE, IdentityTable } from "./buckets/identity.ts";
import { NamedConfigurationTable } from "./buckets/named-configurations.ts";
import { PlacementTable } from "./buckets/placements.ts";
import { BoundDatabase, type CostObserver, type Database, type LocalWays, type Statement } from "./database.ts";
import { DriveTable } from "./drives/drives.ts";
import { LossTable } from "./drives/losses.ts";
import { EncryptingTable } from "./encrypting/encrypting.ts";
import { NotificationTable } from "./events/notifications.ts";
import { OutboxTable } from "./events/outbox-table.ts";
import { GuardedDatabase } from "./guarded-database.ts";
import { Identities } from "./identities/identities.ts";
import { InventoryTable } from "./inventory/inventory.ts";
import { JobTable } from "./jobs/jobs.ts";
import { KeyringTables } from "./keyring/keyring.ts";
import { LifecycleRemovals } from "./lifecycle/expiring.ts";
import { LifecycleTable } from "./lifecycle/lifecycles.ts";
import { LifecycleScans } from "./lifecycle/scanning.ts";
import { Amendments } from "./objects/amendments.ts";
import { Appends } from "./objects/appends.ts";
import { Commits } from "./objects/commit.ts";
import { ListingQueries } from "./objects/listing.ts";
import { ObjectTable } from "./objects/objects.ts";
import { Removals } from "./objects/removals.ts";
import { Renames } from "./objects/renames.ts";
import { Rewrites } from "./objects/rewrites.ts";
import { CarriedQueryTable } from "./query/carried-queries.ts";
import { ExecutionTable } from "./query/executions.ts";
import { QueryTable } from "./query/queries.ts";
import { Queues } from "./queues/all.ts";
import { SealedKeyTable } from "./sealed-keys/sealed-keys.ts";
import { SearchTable } from "./search/search.ts";
import { RestoringTable } from "./snapshots/restoring.ts";
import { SnapshotTable } from "./snapshots/snapshots.ts";
import { Topics } from "./topics/all.ts";
import { UploadTable } from "./uploads/uploads.ts";
import { QuotaTable } from "./usage/quotas.ts";
import { UsageTable } from "./usage/usage.ts";

/** What a guarded view shares with the metadata that it is a view of. */
class Shared {
  readonly database: Database;
  readonly buckets: BucketTable;
  readonly memory: AccessMemory;
  readonly drives: DriveTable;

  constructor(database: Database, { buckets, drives }: Pick<Metadata, "buckets" | "drives">, memory: AccessMemory) {
    this.database = database;
    this.buckets = buckets;
    this.drives = drives;
    this.memory = memory;
  }
}

/** All metadata, in one D1 database. The only code that speaks SQL; each method is one round trip unless it says otherwise. */
export class Metadata {
  readonly identity: IdentityTable;
  /** Of use in the first database alone. */
  readonly placements: PlacementTable;
  /** Of use in the first database alone. */
  readonly identities: Identities;
  /** Of use in the first database alone. */
  readonly queues: Queues;
  /** Of use in the first database alone. */
  readonly topics: Topics;
  /** Of use in the first database alone. */
  readonly keyring: KeyringTables;
  readonly buckets: BucketTable;
  readonly named: NamedConfigurationTable;
  readonly objects: ObjectTable;
  readonly annotations: Annotations;
  readonly listing: ListingQueries;
  readonly inventories: InventoryTable;
  readonly uploads: UploadTable;
  readonly blobs: BlobTable;
  readonly placing: PlacingTable;
  readonly commits: Commits;
  readonly appends: Appends;
  readonly removals: Removals;
  readonly renames: Renames;
  readonly amendments: Amendments;
  readonly rewrites: Rewrites;
  readonly jobs: JobTable;
  readonly healing: HealingTable;
  readonly scrubbing: ScrubbingTable;
  readonly walking: WalkingTable;
  readonly census: CensusTable;
  readonly packing: PackingTable;
  readonly tiers: TierTable;
  readonly snapshots: SnapshotTable;
  readonly checking: CheckingTable;
  readonly restoring: RestoringTable;
  readonly drives: DriveTable;
  readonly losses: LossTable;
  readonly sealedKeys: SealedKeyTable;
  readonly encrypting: EncryptingTable;
  readonly notifications: NotificationTable;
  readonly outbox: OutboxTable;
  readonly accessLogs: AccessLogTable;
  readonly queries: QueryTable;
  /** Of use in the first database alone. */
  readonly executions: ExecutionTable;
  /** Of use in the first database alone. */
  readonly carriedQueries: CarriedQueryTable;
  readonly lifecycles: LifecycleTable;
  readonly lifecycleScans: LifecycleScans;
  readonly lifecycleRemovals: LifecycleRemovals;
  readonly search: SearchTable;
  readonly usage: UsageTable;
  readonly quotas: QuotaTable;

  readonly #database: Database;
  readonly #memory: AccessMemory;

  /** `observe` is told the cost of each round trip; `name` is what the database is called. */
  constructor(d1: D1Database | Shared, observe?: CostObserver, name: string = FIRST_DATABASE, ways?: LocalWays) {
    const shared = d1 instanceof Shared ? d1 : null;
    const database = shared?.database ?? new BoundDatabase(d1 as D1Database, observe, ways);
    const memory = shared?.memory ?? new AccessMemory();
    this.#database = database;
    this.#memory = memory;
    this.identity = new IdentityTable(database, name);
    this.placements = new PlacementTable(database, name);
    this.identities = new Identities(database);
    this.queues = new Queues(database);
    this.topics = new Topics(database);
    this.keyring = new KeyringTables(database);
    this.drives = new DriveTable(database, name, shared?.drives);
    this.losses = new LossTable(database);
    this.sealedKeys = new SealedKeyTable(database);
    this.encrypting = new EncryptingTable(database);
    this.notifications = new NotificationTable(database, memory);
    this.outbox = new OutboxTable(database);
    this.accessLogs = new AccessLogTable(database, memory);
    this.queries = new QueryTable(database);
    this.executions = new ExecutionTable(database);
    this.carriedQueries = new CarriedQueryTable(database);
    this.lifecycles = new LifecycleTable(database);
    this.lifecycleScans = new LifecycleScans(database);
    this.lifecycleRemovals = new LifecycleRemovals(database);
    this.search = new SearchTable(database);
    this.usage = new UsageTable(database);
    this.quotas = new QuotaTable(database);
    this.buckets = new BucketTable(database, name, { memory, drives: this.drives, sharing: shared?.buckets });
    this.named = new NamedConfigurationTable(database, memory);
    this.objects = new ObjectTable(database, memory);
    this.annotations = new Annotations(database, memory);
    this.inventories = new InventoryTable(database);
    this.listing = new ListingQueries(database, memory);
    this.uploads = new UploadTable(database, memory);
    this.blobs = new BlobTable(database, this.drives);
    this.placing = new PlacingTable(database);
    this.commits = new Commits(database);
    this.appends = new Appends(database, memory);
    this.removals = new Removals(database);
    this.renames = new Renames(database, memory);
    this.amendments = new Amendments(database, memory);
    this.rewrites = new Rewrites(database);
    this.jobs = new JobTable(database);
    this.healing = new HealingTable(database);
    this.scrubbing = new ScrubbingTable(database);
    this.walking = new WalkingTable(database, name);
    this.census = new CensusTable(database);
    this.packing = new PackingTable(database);
    this.tiers = new TierTable(database);
    this.snapshots = new SnapshotTable(database);
    this.checking = new CheckingTable(database);
    this.restoring = new RestoringTable(database);
  }

  /** Runs statements of several domains in one batch: all or nothing is applied. */
  async run(statements: readonly Statement[]): Promise<void> {
    await this.#database.batch(statements);
  }

  /**
   * The same metadata on behalf of a caller whose access may be taken away at any time: each batch finds out, at no round trip more
   * (see `GuardedDatabase`). `first`: the metadata of the first database, if this is another one.
   */
  guardedBy(guard: AccessGuard, first: Metadata | null = null): Metadata {
    const database = new GuardedDatabase(this.#database, guard, first === null ? null : first.#database);
    return new Metadata(new Shared(database, this, this.#memory), undefined, this.identity.name);
  }
}
