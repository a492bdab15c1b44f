import { durability } from "../src/maintenance/census/durability.ts";
import { lifecycle } from "../src/maintenance/lifecycle/lifecycle.ts";
import { runJobs } from "../src/maintenance/run/run-jobs.ts";
import { createBucket, setVersioning } from "../src/store/buckets/buckets.ts";
import { setLifecycle } from "../src/store/buckets/lifecycle.ts";
import type { StoreContext } from "../src/store/context.ts";
import { Announcements } from "./announcements.ts";
import { auditContents, auditDrives, auditRows, auditVersions } from "./audit.ts";
import { oneOperation } from "./client.ts";
import { expectHonest, loseADrive, loseDriveInUse } from "./drive-loss.ts";
import { auditExpiring, EXPIRING, passEvenly, rulesThat } from "./expiring.ts";
import {
  announceAfterAnswer,
  consume,
  type Host,
  listen,
  receiveRest,
  runBackground,
  subscribeToAll,
} from "./listeners.ts";
import { BUCKETS } from "./operation.ts";
import { Oracle, Violation } from "./oracle.ts";
import { SeededRandom } from "./random.ts";
import { addRootKey, retireRootKey } from "./rotation.ts";
import { Process } from "./scheduler.ts";
import { tidyVersions } from "./tidy.ts";
import { Versions } from "./versions.ts";
import { type FaultRates, World } from "./world.ts";

export interface SimulationOptions {
  seed: number;
  /** Operations of clients. */
  steps: number;
  kernel: WebAssembly.Module;
  rates?: FaultRates;
  /** Changes the stores of the run: plants a bug, for the canary. */
  sabotage?(host: Host): void;
  /** Called at each rest with the number of completed operations. */
  onRest?(steps: number): void;
}

export interface SimulationResult {
  seed: number;
  steps: number;
  /** How often what happened. */
  counts: Record<string, number>;
  /** Waits resumed by the scheduler. */
  events: number;
  /** Digest of everything on drives and in the database at the end: the same for the same seed. */
  fingerprint: string;
}

const CLIENTS = 6;
const HOSTS = 3;
/** Steps between two rests, at which everything is checked. */
const REST_EVERY = 2_000;
const MINUTE_MS = 60_000;
/** By then background work must have healed and collected everything. */
const RESTING_ROUNDS_MAX = 60;

/**
 * Runs it. Throws a `Violation` if the store lost a byte, served a wrong one, or left something
 * behind.
 */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const run = await Run.begin(options);
  for (let done = 0; done < options.steps; done += REST_EVERY) {
    await run.play(Math.min(REST_EVERY, options.steps - done));
    await run.rest();
    options.onRest?.(Math.min(done + REST_EVERY, options.steps));
  }
  return run.finish();
}

class Run {
  readonly #options: SimulationOptions;
  readonly #random: SeededRandom;
  readonly #world: World;
  readonly #announcements = new Announcements(new Set(BUCKETS.filter((name) => name !== "plain")));
  readonly #oracle = new Oracle((key, change) => this.#announcements.asked(key, change));
  readonly #versions = new Versions();
  #hosts: Host[] = [];
  #playing = false;
  #failure: unknown = null;

  private constructor(options: SimulationOptions) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
    this.#world = new World(this.#random, options.kernel, options.rates);
  }

  static async begin(options: SimulationOptions): Promise<Run> {
    const run = new Run(options);
    const store = await run.#world.storeOf(null);
    for (const name of BUCKETS) {
      await createBucket(store, { name, owner: "root", region: "us-east-1", objectLock: name === "locked" });
    }
    await createBucket(store, { name: EXPIRING, owner: "root", region: "us-east-1" });
    await setLifecycle(store, EXPIRING, rulesThat(true));
    for (const name of ["versioned", "suspending"]) await setVersioning(store, name, "enabled");
    await subscribeToAll(store);
    for (let at = 0; at < HOSTS; at++) run.#hosts.push(await run.#start(at));
    return run;
  }

  /** This many operations, among crashes, faults and background work. */
  async play(steps: number): Promise<void> {
    this.#playing = true;
    let left = steps;
    const actors = Array.from({ length: CLIENTS }, () => this.#client(() => left-- > 0));
    const clients = Promise.all(actors).then(() => {
      this.#playing = false;
    });
    const others = [
      ...[this.#crashes(), this.#chaos(), this.#owner(), this.#crons(), this.#crons()],
      ...[this.#driveLosses(), this.#watcher(), this.#walker(), this.#consumer(), this.#consumer()],
    ];
    await this.#until(Promise.all([clients, ...others]));
  }

  /** Faults end, all background work is done, and everything is checked. */
  async rest(): Promise<void> {
    const { scheduler } = this.#world;
    const rates = this.#world.rates;
    this.#world.calm();
    // The last process of all, so that a planted bug is in it too.
    const store = await this.#world.storeOf(null);
    const process = new Process("rest");
    const host = { process, store, listening: this.#listen(store) };
    this.#options.sabotage?.(host);
    const announced = () => receiveRest(host, world, this.#announcements);
    const [world, oracle, versions] = [this.#world, this.#oracle, this.#versions];
    const working = async () => {
      await announced();
      this.#announcements.audit();
      world.count("announcement received", this.#announcements.size);
      await auditContents(oracle, store);
      await auditExpiring(world, store);
      await tidyVersions({ world, oracle, versions, store });
      // Long enough for every grace time, in pieces, because jobs are bounded in time.
      for (let round = 0; round < RESTING_ROUNDS_MAX && (round < 4 || !isInOrder(world)); round++) {
        await scheduler.clock(null).sleep(6 * 3600 * 1000);
        this.#tally(await runJobs(store));
      }
      await auditContents(oracle, store);
      await auditVersions(oracle, versions, store);
      await passEvenly(store);
      await runJobs(store);
      if (!(await expectHonest(world, store))) {
        throw new Violation(`nothing is wrong, and yet: ${(await durability(store)).headline}`);
      }
      auditRows(world);
      auditDrives(world);
      await loseADrive(world, store);
      const newest = (await retireRootKey(world)) ?? store;
      await auditContents(oracle, newest);
      if (newest !== store) await auditVersions(oracle, versions, newest);
      // What was tidied away is announced too, and no client asked for it.
      await announced();
      this.#announcements.forget();
    };
    await this.#until(working());
    versions.forgetPast();
    oracle.forgetBodies(world.storedEtags());
    this.#world.rates = rates;
    this.#world.count("rests");
  }

  async finish(): Promise<SimulationResult> {
    const { seed, steps } = this.#options;
    const { counts, scheduler } = this.#world;
    return { seed, steps, counts, events: scheduler.resumed, fingerprint: this.#world.fingerprint() };
  }

  async #start(at: number): Promise<Host> {
    const { process, store } = await this.#world.start(`host ${at}`);
    const host = { process, store, listening: this.#listen(store) };
    this.#options.sabotage?.(host);
    return host;
  }

  #listen(store: StoreContext): Host["listening"] {
    return listen(store, (error) => {
      if (!isPlanned(error)) this.#failure ??= error;
    });
  }

  /** Lets the scheduler run until `work` is over. */
  async #until(work: Promise<unknown>): Promise<void> {
    let over = false;
    work.then(
      () => {
        over = true;
      },
      (error: unknown) => {
        this.#failure ??= error;
      },
    );
    await this.#world.scheduler.run(() => over || this.#failure !== null);
    if (this.#failure !== null) throw this.#failure;
  }

  async #client(more: () => boolean): Promise<void> {
    while (more()) {
      await this.#world.scheduler.pause(null);
      const host = this.#random.pick(this.#hosts);
      await oneOperation({ world: this.#world, oracle: this.#oracle, versions: this.#versions, host });
      // The others are left to the background jobs.
      if (this.#random.chance(0.5)) announceAfterAnswer(host);
    }
  }

  /** Two of these run: they receive messages, record them and delete them. */
  async #consumer(): Promise<void> {
    while (await this.#wait(3_000)) {
      const host = this.#random.pick(this.#hosts);
      const outcome = await Promise.race([
        consume(host, this.#announcements).then(
          () => "consumed",
          (error: unknown) => (isPlanned(error) ? "consumer failed" : Promise.reject(error)),
        ),
        host.process.crashed.then(() => "consumer crashed"),
      ]);
      this.#world.count(outcome);
    }
  }

  /**
   * Now and then a process dies in the middle of its work, and a new one takes its place; with a
   * newer root key, all do.
   */
  async #crashes(): Promise<void> {
    while (await this.#wait(20_000)) {
      const isRotated = this.#random.chance(0.2) && addRootKey(this.#world);
      const all = [...this.#hosts.keys()];
      const places = isRotated ? all : [this.#random.pick(all)];
      const born = await Promise.all(places.map(async (at) => ({ at, host: await this.#start(at) })));
      for (const { at, host } of born) {
        (this.#hosts[at] as Host).process.crash();
        this.#hosts[at] = host;
      }
      this.#world.count(isRotated ? "root key added" : "crash");
    }
  }

  /** Drives go away and come back, and shards rot or vanish: never more of a blob's than it survives. */
  async #chaos(): Promise<void> {
    const { world, random } = { world: this.#world, random: this.#random };
    while (await this.#wait(2_000)) {
      const drive = random.pick(world.drives);
      if (world.down.has(drive.name)) world.down.delete(drive.name);
      else if (random.chance(0.15) && world.down.size < 2) {
        world.down.add(drive.name);
        world.count("drive down");
      } else world.damageOneShard();
    }
  }

  /** Rarely a whole drive is emptied: not again before writes that were under way are over. */
  async #driveLosses(): Promise<void> {
    while (await this.#wait(MINUTE_MS / 2)) {
      loseDriveInUse(this.#world);
      await this.#world.scheduler.clock(null).sleep(2 * MINUTE_MS);
    }
  }

  /** Asks all the time whether everything is at full redundancy. */
  async #watcher(): Promise<void> {
    while (await this.#wait(MINUTE_MS / 4)) {
      const host = this.#random.pick(this.#hosts);
      const outcome = await Promise.race([
        expectHonest(this.#world, host.store).then(
          (green) => (green ? "durability green" : "durability not green"),
          (error: unknown) => (isPlanned(error) ? "durability failed" : Promise.reject(error)),
        ),
        host.process.crashed.then(() => "durability crashed"),
      ]);
      this.#world.count(outcome);
    }
  }

  /** Enables and suspends the versioning of a bucket in the middle of everything. */
  async #owner(): Promise<void> {
    while (await this.#wait(10_000)) {
      const { process, store } = this.#random.pick(this.#hosts);
      const versioning = this.#random.pick(["enabled", "suspended"] as const);
      const outcome = await Promise.race([
        setVersioning(store, "suspending", versioning).then(
          () => `versioning ${versioning}`,
          (error: unknown) => (isPlanned(error) ? "versioning failed" : Promise.reject(error)),
        ),
        process.crashed.then(() => "versioning crashed"),
      ]);
      this.#world.count(outcome);
    }
  }

  /** Two of these run, so that crons overlap. */
  async #crons(): Promise<void> {
    while (await this.#wait(MINUTE_MS / 4)) {
      const host = this.#random.pick(this.#hosts);
      // A job that met a fault throws: the next run continues.
      const outcome = await Promise.race([
        runBackground(host).then(
          (reports) => this.#tally(reports),
          (error: unknown) => (isPlanned(error) ? "cron failed" : Promise.reject(error)),
        ),
        host.process.crashed.then(() => "cron crashed"),
      ]);
      this.#world.count(outcome);
    }
  }

  /** Days of lifecycle rules are short here, so its job runs more often than the others. */
  async #walker(): Promise<void> {
    while (await this.#wait(MINUTE_MS / 15)) {
      const host = this.#random.pick(this.#hosts);
      const outcome = await Promise.race([
        runJobs(host.store, [lifecycle]).then(
          (reports) => this.#tally(reports),
          (error: unknown) => (isPlanned(error) ? "lifecycle failed" : Promise.reject(error)),
        ),
        host.process.crashed.then(() => "lifecycle crashed"),
      ]);
      this.#world.count(outcome === "cron" ? "lifecycle ran" : outcome);
    }
  }

  /** Adds what jobs did to the counts. */
  #tally(reports: ReadonlyMap<string, Readonly<Record<string, number>>>): "cron" {
    for (const [job, report] of reports) {
      for (const [what, count] of Object.entries(report)) if (count > 0) this.#world.count(`${job}: ${what}`, count);
    }
    return "cron";
  }

  /** Some time, up to twice `aboutMs`. False once the clients are through. */
  async #wait(aboutMs: number): Promise<boolean> {
    if (!this.#playing) return false;
    await this.#world.scheduler.clock(null).sleep(this.#random.below(2 * aboutMs));
    return this.#playing;
  }
}

function isInOrder(world: World): boolean {
  try {
    auditDrives(world);
    return true;
  } catch (error) {
    if (error instanceof Violation) return false;
    throw error;
  }
}

/** Faults of the world that a job may fail with. Any other failure is a bug. */
function isPlanned(error: unknown): boolean {
  if (error instanceof Violation) return false;
  if (error instanceof AggregateError) return error.errors.every(isPlanned);
  const name = error instanceof Error ? error.constructor.name : "";
  // A job says of what it was at when it failed.
  if (name === "Error" && (error as Error).cause !== undefined) return isPlanned((error as Error).cause);
  return ["MetadataUnavailable", "DriveError", "StoreError"].includes(name);
}
