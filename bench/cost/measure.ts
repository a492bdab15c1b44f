import { PRICES } from "../../src/base/prices.ts";
import type { BenchClient } from "../support/http-client.ts";
import { type MeteredSherd, meteredBetween, readMetered, replayDatabase } from "../support/metered-sherd.ts";
import { cpuTime } from "../support/process-usage.ts";
import { type CostCase, Session } from "./operations.ts";

/** One operation. Dollars are a million of them. */
export interface CostRow {
  op: string;
  sizeBytes: number;
  d1RoundTrips: number;
  d1RowsRead: number;
  d1RowsWritten: number;
  /** Calls to drives: R2's class A and class B. */
  drivePuts: number;
  driveGets: number;
  /**
   * CPU of the Worker alone, without that of D1 and the drives; null if the system does not report
   * it.
   */
  cpuMs: number | null;
  sherdDollars: number;
  /** The same request to R2's own S3 API, and to AWS S3 Standard. */
  r2Dollars: number;
  awsDollars: number;
  /** AWS's additional price for sending the answer to the internet. */
  awsTransferDollars: number;
}

/** With this much CPU the 10 ms steps of its measurement are small. */
const CPU_MS_WANTED = 500;
const REQUESTS_MAX = 400;
const WARM_UPS = 10;

/**
 * Calls of the operation to D1 and drives: the lesser of a second one and a third. The first may
 * find caches empty, and what is remembered for some seconds may have to be read again.
 */
export async function countCalls(client: BenchClient, sherd: MeteredSherd, work: CostCase) {
  const session = new Session(client, sherd);
  await session.send(session.request("PUT"));
  const request = await work.prepare(session);
  await session.send(request(0));
  const counted: ReturnType<typeof meteredBetween>[] = [];
  for (const number of [1, 2]) {
    const before = await readMetered(sherd);
    await session.send(request(number));
    counted.push(meteredBetween(before, await readMetered(sherd)));
  }
  const [one, other] = counted as [(typeof counted)[0], (typeof counted)[0]];
  return other.roundTrips < one.roundTrips ? other : one;
}

/**
 * CPU of a Worker whose D1 and drives answer from its own memory, so that theirs is not counted: on
 * Cloudflare they run elsewhere and are paid by the row and the call. Repeats the same request.
 */
export async function measureCpu(client: BenchClient, sherd: MeteredSherd, work: CostCase): Promise<number | null> {
  const session = new Session(client, sherd);
  await session.send(session.request("PUT"));
  const request = (await work.prepare(session))(0);
  await replayDatabase(sherd);
  for (let warmUp = 0; warmUp < WARM_UPS; warmUp++) await session.send(request);
  const before = cpuTime(sherd.pids)?.totalMs ?? null;
  if (before === null) return null;
  let requests = 0;
  let used = 0;
  while (used < CPU_MS_WANTED && requests < REQUESTS_MAX) {
    await session.send(request);
    requests += 1;
    used = (cpuTime(sherd.pids)?.totalMs ?? Number.NaN) - before;
  }
  return used / requests;
}

export function costRow(
  { op, sizeBytes, charge, sentBytes }: CostCase,
  calls: Awaited<ReturnType<typeof countCalls>>,
  cpu: number | null,
): CostRow {
  const { roundTrips, rowsRead, rowsWritten, drivePuts, driveGets } = calls;
  const million = (dollars: number) => dollars * 1e6;
  return {
    op,
    sizeBytes,
    d1RoundTrips: roundTrips,
    d1RowsRead: rowsRead,
    d1RowsWritten: rowsWritten,
    drivePuts,
    driveGets,
    cpuMs: cpu,
    sherdDollars: million(
      PRICES.workersRequest +
        (cpu ?? 0) * PRICES.workersCpuMs +
        rowsRead * PRICES.d1RowRead +
        rowsWritten * PRICES.d1RowWritten +
        drivePuts * PRICES.r2Put +
        driveGets * PRICES.r2Get,
    ),
    r2Dollars: million({ put: PRICES.r2Put, get: PRICES.r2Get, free: 0 }[charge]),
    awsDollars: million({ put: PRICES.awsPut, get: PRICES.awsGet, free: 0 }[charge]),
    awsTransferDollars: million(sentBytes * PRICES.awsByteSent),
  };
}
