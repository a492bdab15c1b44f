import type { BenchClient, PreparedRequest } from "../support/http-client.ts";
import { type CpuTime, cpuBetween, cpuTime, sumCpu } from "../support/process-usage.ts";
import { median, pairedRatio } from "../support/statistics.ts";

/** A contender: a server and a way to send it requests. */
export interface Contender {
  name: string;
  /** Process ids of its workerd. */
  pids: readonly number[];
  /** The next request; signing is not measured. */
  prepare(): PreparedRequest;
  /** What the body of the answer must be. */
  expectedBody?: Uint8Array;
  /** After each request, not measured. */
  after?(): Promise<void>;
  /**
   * Target beside the first contender: at least this many times its speed, or at most this many
   * times its time.
   */
  target?: { speedMin: number } | { timeMax: number };
}

/**
 * Contenders that are measured in turn, round after round, so that each meets the same state of the
 * machine.
 */
export interface Contest {
  op: string;
  bytes: number;
  /** The first is the floor. */
  contenders: readonly Contender[];
  rounds: number;
  requestsPerRound: number;
  /**
   * How many of them are under way at once; 1 by default. With more than one, times are those of
   * all divided by their number.
   */
  clients?: number;
  /** Before each turn of each contender, not measured: lets all begin with the same state of the machine. */
  before?(): Promise<void>;
}

export interface Row {
  op: string;
  /** Of the object. */
  bytes: number;
  implementation: string;
  requests: number;
  p50Ms: number;
  /** 10^6 bytes of the object a second, at p50. */
  mbPerSecond: number;
  /** CPU of the workerd processes; null if the system does not report it. */
  cpuMsPerRequest: number | null;
  cpuMsPerMb: number | null;
  /** The part of it outside the kernel. */
  cpuUserMsPerRequest: number | null;
  cpuUserMsPerMb: number | null;
  /** The floor's time over this one's: 1 is as fast as the floor, 0.5 takes twice as long. Median over the rounds. */
  ratioToFloor: number;
  target: string | null;
  met: boolean | null;
}

interface Samples {
  /** Median of each round. */
  roundMs: number[];
  ms: number[];
  cpu: CpuTime | null;
}

const NO_CPU: CpuTime = { totalMs: 0, userMs: 0 };

/** Runs a contest, after one round that does not count. Rejects at the first wrong answer. */
export async function runContest(client: BenchClient, contest: Contest): Promise<Row[]> {
  const samples = contest.contenders.map((): Samples => ({ roundMs: [], ms: [], cpu: NO_CPU }));
  for (let round = -1; round < contest.rounds; round++) {
    const order = contest.contenders.map((contender, index) => ({ contender, sample: samples[index] as Samples }));
    // Forwards and backwards in turn, so that no contender always follows the same one.
    if (round % 2 !== 0) order.reverse();
    for (const { contender, sample } of order) {
      await contest.before?.();
      const turn = await takeTurn(client, contender, contest);
      if (round < 0) continue;
      sample.ms.push(...turn.ms);
      sample.roundMs.push(median(turn.ms));
      sample.cpu = sumCpu(sample.cpu, turn.cpu);
    }
  }
  return contest.contenders.map((contender, index) => rowOf(contest, contender, samples, index));
}

async function takeTurn(
  client: BenchClient,
  contender: Contender,
  { requestsPerRound: requests, clients = 1 }: Contest,
) {
  if (clients > 1) return takeCrowdedTurn(client, contender, { requests, clients });
  const ms: number[] = [];
  let cpu: CpuTime | null = NO_CPU;
  for (let request = 0; request < requests; request++) {
    const prepared = contender.prepare();
    const before = cpuTime(contender.pids);
    ms.push((await client.expect(prepared, contender.expectedBody)).ms);
    cpu = sumCpu(cpu, cpuBetween(before, cpuTime(contender.pids)));
    await contender.after?.();
  }
  return { ms, cpu };
}

async function takeCrowdedTurn(
  client: BenchClient,
  contender: Contender,
  { requests, clients }: { requests: number; clients: number },
) {
  const prepared = Array.from({ length: requests }, () => contender.prepare());
  const before = cpuTime(contender.pids);
  const startedMs = performance.now();
  const oneClient = async () => {
    for (let next = prepared.pop(); next; next = prepared.pop()) await client.expect(next, contender.expectedBody);
  };
  await Promise.all(Array.from({ length: clients }, oneClient));
  const each = (performance.now() - startedMs) / requests;
  const cpu = cpuBetween(before, cpuTime(contender.pids));
  await contender.after?.();
  return { ms: Array.from({ length: requests }, () => each), cpu };
}

function rowOf({ op, bytes }: Contest, contender: Contender, samples: readonly Samples[], index: number): Row {
  const sample = samples[index] as Samples;
  const floor = samples[0] as Samples;
  const requests = sample.ms.length;
  const p50Ms = median(sample.ms);
  const ratioToFloor = pairedRatio(floor.roundMs, sample.roundMs);
  const perRequest = (ms: number | undefined) => (ms === undefined ? null : ms / requests);
  const perMb = (ms: number | null) => (ms === null || bytes === 0 ? null : ms / (bytes / 1e6));
  const cpuMsPerRequest = perRequest(sample.cpu?.totalMs);
  const cpuUserMsPerRequest = perRequest(sample.cpu?.userMs);
  return {
    op,
    bytes,
    implementation: contender.name,
    requests,
    p50Ms,
    mbPerSecond: bytes / 1e3 / p50Ms,
    cpuMsPerRequest,
    cpuMsPerMb: perMb(cpuMsPerRequest),
    cpuUserMsPerRequest,
    cpuUserMsPerMb: perMb(cpuUserMsPerRequest),
    ratioToFloor,
    ...judge(contender, ratioToFloor),
  };
}

function judge({ target }: Contender, ratioToFloor: number): Pick<Row, "target" | "met"> {
  if (!target) return { target: null, met: null };
  if ("speedMin" in target) return { target: `≥ ${target.speedMin}×`, met: ratioToFloor >= target.speedMin };
  return { target: `time ≤ ${target.timeMax}×`, met: 1 / ratioToFloor <= target.timeMax };
}
