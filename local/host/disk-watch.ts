import { setTimeout } from "node:timers/promises";
import type { HostDrive, HostState } from "../../src/store/host.ts";
import { type DriveState, inspectDrive, spaceOf } from "./drive-state.ts";
import { isMountPoint, type Mounts } from "./mounts.ts";
import type { SpaceReserve } from "./space-reserve.ts";

export interface WatchedDrive {
  name: string;
  path: string;
}

export interface WatchOptions {
  drives: readonly WatchedDrive[];
  metadataPath: string;
  reserve: SpaceReserve;
  mounts: Mounts;
  /** Bytes to keep free on each disk. */
  reserveBytes: number;
  /** Called with a sentence for each drive whose state has changed. */
  onChange: (level: "log" | "error", sentence: string) => void;
  /**
   * Called before `onChange` with whether a drive's folder may be used; a drive without its disk
   * may not. Not called after the first check.
   */
  onUsable?: (drive: WatchedDrive, isUsable: boolean) => void;
}

const LOOK_MS = 2_000;
const ANSWER_MS_MAX = 5_000;
/** Every how many checks a test file is written. */
const LOOKS_PER_TRIAL = 15;

/** Checks the disks of a server periodically. */
export class DiskWatch {
  readonly #options: WatchOptions;
  readonly #hanging = new Set<string>();
  readonly #states = new Map<string, DriveState>();
  #metadata: HostState["metadata"] = { freeBytes: null, totalBytes: null };
  #isShort = false;
  #looks = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** The first check reports no changes: the start does. */
  async start(): Promise<void> {
    await this.look();
    const again = () => {
      this.#timer = globalThis.setTimeout(() => void this.look().finally(again), LOOK_MS).unref();
    };
    again();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Whether the drive's folder is on its own disk, as far as is known. */
  isUsable({ name }: WatchedDrive): boolean {
    return this.#states.get(name)?.trouble !== "not-mounted";
  }

  /** Drives with problems. */
  troubles(): { drive: WatchedDrive; state: DriveState }[] {
    return this.#options.drives.flatMap((drive) => {
      const state = this.#states.get(drive.name);
      return state && state.trouble !== null ? [{ drive, state }] : [];
    });
  }

  async look(): Promise<void> {
    const tryWriting = this.#looks++ % LOOKS_PER_TRIAL === 0;
    const { reserve, reserveBytes, onChange } = this.#options;
    const { freeBytes: beforeBytes } = await spaceOf(this.#options.metadataPath);
    if (beforeBytes !== null) reserve.adjust(beforeBytes, reserveBytes);
    await Promise.all(this.#options.drives.map((drive) => this.#lookAt(drive, tryWriting)));
    this.#metadata = await spaceOf(this.#options.metadataPath);
    const { freeBytes } = this.#metadata;
    if (freeBytes === null) return;
    const isShort = freeBytes < reserveBytes;
    if (isShort !== this.#isShort) {
      if (isShort)
        onChange("error", `the metadata's disk has ${mb(freeBytes)} left, less than its reserve: writes are refused`);
      else onChange("log", `the metadata's disk has ${mb(freeBytes)} left: writes are taken again`);
    }
    this.#isShort = isShort;
  }

  state(atMs: number): Omit<HostState, "hasJobsProcess"> {
    const devices = [...this.#states.values()].map(({ device }) => device);
    const drives: Record<string, HostDrive> = {};
    for (const [name, { trouble, advice, freeBytes, totalBytes, device }] of this.#states) {
      const sharedBy = devices.filter((other) => other === device).length;
      drives[name] = { trouble, advice, freeBytes, totalBytes, sharedBy };
    }
    return { atMs, reserveBytes: this.#options.reserveBytes, metadata: this.#metadata, drives };
  }

  /**
   * A disk that hangs is not asked again before it has answered: each call takes one of Node's few
   * threads.
   */
  async #inspect({ name, path }: WatchedDrive, tryWriting: boolean): Promise<DriveState> {
    if (this.#hanging.has(name)) return silent(path);
    this.#hanging.add(name);
    const { mounts } = this.#options;
    const mustBe = mounts.wasMounted(name) ? { mountsFile: mounts.path } : {};
    const looking = inspectDrive(path, { tryWriting, ...mustBe }).finally(() => this.#hanging.delete(name));
    const timeout = new AbortController();
    const late = setTimeout(ANSWER_MS_MAX, silent(path), { signal: timeout.signal }).catch(() => silent(path));
    const state = await Promise.race([looking, late]);
    timeout.abort();
    return state;
  }

  async #rememberMount({ name, path }: WatchedDrive): Promise<void> {
    const { mounts, onChange } = this.#options;
    try {
      if (!mounts.wasMounted(name) && (await isMountPoint(path))) mounts.remember(name);
    } catch (error) {
      onChange(
        "error",
        `cannot note that drive ${name} is a mount point: ${error instanceof Error ? error.message : error}`,
      );
    }
  }

  async #lookAt(drive: WatchedDrive, tryWriting: boolean): Promise<void> {
    const before = this.#states.get(drive.name);
    // A drive that could not be written is tested each time: without a test it would seem to be
    // back.
    const wasInTrouble = before !== undefined && before.trouble !== null;
    const state = await this.#inspect(drive, tryWriting || wasInTrouble);
    this.#states.set(drive.name, state);
    if (state.trouble === null) await this.#rememberMount(drive);
    if (before === undefined || before.trouble === state.trouble) return;
    if ([before.trouble, state.trouble].includes("not-mounted")) {
      this.#options.onUsable?.(drive, state.trouble !== "not-mounted");
    }
    if (state.trouble !== null)
      this.#options.onChange("error", `drive ${drive.name} is ${state.trouble}: ${state.advice}`);
    else this.#options.onChange("log", `drive ${drive.name} is back: ${drive.path}`);
  }
}

function silent(path: string): DriveState {
  const advice = `${path} has not answered for ${ANSWER_MS_MAX / 1000} s: see to its disk or its network`;
  return { trouble: "unreadable", advice, freeBytes: null, totalBytes: null, device: null };
}

function mb(bytes: number): string {
  return `${Math.floor(bytes / 1e6)} MB`;
}
