import { tmpdir } from "node:os";
import { warmPageCache } from "../support/page-cache.ts";
import { type CpuTime, cpuBetween, cpuTime, sumCpu } from "../support/process-usage.ts";
import { median, pairedRatio, percentile } from "../support/statistics.ts";
import type { Case, Load } from "./load.ts";
import type { Target } from "./target.ts";
import { takeTurn } from "./turn.ts";

/** One target in one case. */
export interface Row {
  target: string;
  op: string;
  sizeBytes: number;
  clients: number;
  /** How many operations were measured. */
  operations: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  /** Medians over the rounds. */
  opsPerSecond: number;
  /** 10^6 bytes of objects a second; null if no body moves. */
  mbPerSecond: number | null;
  /** Of the server's processes; null if they cannot be seen. In steps of 0.01 s per round. */
  cpuSecondsPerOp: number | null;
  cpuSecondsPerGb: number | null;
  /** The part of it outside the kernel. */
  cpuUserSecondsPerOp: number | null;
  cpuUserSecondsPerGb: number | null;
  /**
   * Share of one core that the load generator used: near 1, the generator may be the limit rather
   * than the server.
   */
  generatorCpuShare: number;
  /** Operations a second over those of the first target, median of what was measured in the same round; null if that one failed. */
  ratio: number | null;
}

export interface Failure {
  target: string;
  op: string;
  sizeBytes: number;
  clients: number;
  message: string;
}

export interface Contender {
  target: Target;
  load: Load;
}

export const ROUNDS = 5;
const OPERATIONS_MAX = 2000;
/** Most bytes that one turn writes or reads, except for one operation of each client. */
const TURN_BYTES_MAX = 512 * 1024 * 1024;
/** Assumed bytes written per byte of body: 4+2. */
const WRITTEN_PER_BYTE = 1.5;
/** Below this size a round is run first that does not count. */
const WARM_UP_BYTES_MAX = 16 * 1024 * 1024;

interface Samples {
  ms: number[];
  opsPerSecond: number[];
  cpu: CpuTime | null;
  generatorMs: number;
  wallMs: number;
}

/**
 * Runs one case against all targets in turn, forwards and backwards, for about `seconds` in all: at least one round, at most
 * five. A target that fails is left out of the rest of the case.
 */
export async function measureCase(
  contenders: readonly Contender[],
  work: Case,
  seconds: number,
): Promise<{ rows: Row[]; failures: Failure[] }> {
  const endMs = performance.now() + seconds * 1000;
  const failures: Failure[] = [];
  const all = new Map(contenders.map((contender) => [contender, newSamples()]));
  const turnSeconds = seconds / (contenders.length * (ROUNDS + 1));
  const isWarmedUp = work.sizeBytes <= WARM_UP_BYTES_MAX;
  for (let round = isWarmedUp ? -1 : 0; round < ROUNDS; round++) {
    if (round > 0 && performance.now() > endMs) break;
    const order = [...all];
    if (round % 2 !== 0) order.reverse();
    for (const [contender, samples] of order) {
      try {
        if (round <= 0) await contender.load.fill(work);
        const turn = await oneTurn(contender, work, { turnSeconds, expectedRate: samples.opsPerSecond.at(-1) ?? 0 });
        if (round === 0) Object.assign(samples, newSamples());
        add(samples, turn);
      } catch (error) {
        all.delete(contender);
        const message = error instanceof Error ? error.message : String(error);
        failures.push({ target: contender.target.name, ...work, message: message.slice(0, 500) });
      }
    }
  }
  const first = all.get(contenders[0] as Contender);
  return { rows: [...all].map(([{ target }, samples]) => rowOf(target, work, samples, first)), failures };
}

function newSamples(): Samples {
  return { ms: [], opsPerSecond: [], cpu: { totalMs: 0, userMs: 0 }, generatorMs: 0, wallMs: 0 };
}

async function oneTurn(
  { target, load }: Contender,
  work: Case,
  { turnSeconds, expectedRate }: { turnSeconds: number; expectedRate: number },
) {
  // The clients of an object in parts work on the same one.
  const lines = work.sizeBytes > TURN_BYTES_MAX ? 1 : work.clients;
  const affordable = Math.max(lines, Math.floor(TURN_BYTES_MAX / Math.max(1, work.sizeBytes)));
  const wanted = Math.max(4 * lines, Math.ceil(1.5 * expectedRate * turnSeconds));
  const since = load.written;
  const operations = await load.operations(work, Math.min(wanted, affordable, OPERATIONS_MAX));
  // Otherwise a server that keeps removed objects for a while pays for new memory each time, and
  // one that frees them or bypasses the cache does not.
  const expected = Math.min(operations.length, Math.max(lines, expectedRate * turnSeconds));
  if (work.op === "PUT") await warmPageCache(tmpdir(), expected * work.sizeBytes * WRITTEN_PER_BYTE);
  const cpuBefore = cpuTime(target.pids);
  const generatorBefore = process.cpuUsage();
  const turn = await takeTurn(operations, lines, turnSeconds);
  const { user, system } = process.cpuUsage(generatorBefore);
  const cpu = cpuBetween(cpuBefore, cpuTime(target.pids));
  if (work.op === "PUT" || work.op === "DELETE") await load.sweep(since);
  return { ...turn, cpu, generatorMs: (user + system) / 1000 };
}

function add(samples: Samples, turn: Awaited<ReturnType<typeof oneTurn>>): void {
  samples.ms.push(...turn.ms);
  samples.opsPerSecond.push((turn.ms.length * 1000) / turn.wallMs);
  samples.cpu = sumCpu(samples.cpu, turn.cpu);
  samples.generatorMs += turn.generatorMs;
  samples.wallMs += turn.wallMs;
}

function rowOf({ name }: Target, { op, sizeBytes, clients }: Case, samples: Samples, first: Samples | undefined): Row {
  const movesBody = op === "PUT" || op === "GET";
  const opsPerSecond = median(samples.opsPerSecond);
  const perOp = (ms: number | undefined) => (ms === undefined ? null : ms / 1000 / samples.ms.length);
  const perGb = (seconds: number | null) => (seconds === null || !movesBody ? null : (seconds / sizeBytes) * 1e9);
  const cpuSecondsPerOp = perOp(samples.cpu?.totalMs);
  const cpuUserSecondsPerOp = perOp(samples.cpu?.userMs);
  return {
    target: name,
    op,
    sizeBytes,
    clients,
    operations: samples.ms.length,
    p50Ms: percentile(samples.ms, 0.5),
    p95Ms: percentile(samples.ms, 0.95),
    p99Ms: percentile(samples.ms, 0.99),
    opsPerSecond,
    mbPerSecond: movesBody ? (opsPerSecond * sizeBytes) / 1e6 : null,
    cpuSecondsPerOp,
    cpuSecondsPerGb: perGb(cpuSecondsPerOp),
    cpuUserSecondsPerOp,
    cpuUserSecondsPerGb: perGb(cpuUserSecondsPerOp),
    generatorCpuShare: samples.generatorMs / samples.wallMs,
    ratio: first ? pairedRatio(samples.opsPerSecond, first.opsPerSecond) : null,
  };
}
