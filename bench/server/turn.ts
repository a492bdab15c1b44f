/** One operation, ready to run. Rejects if the answer is wrong. */
export type Operation = () => Promise<unknown>;

export interface Turn {
  /** Of each operation. */
  ms: number[];
  /** From the first request to the last answer. */
  wallMs: number;
}

/**
 * Runs operations one after the other in each of `clients` lines, until they are used up or
 * `seconds` have passed; each line runs at least one. Rejects with the first failure, when all
 * lines have stopped.
 */
export async function takeTurn(operations: readonly Operation[], clients: number, seconds: number): Promise<Turn> {
  const ms: number[] = [];
  let next = 0;
  let hasFailed = false;
  const beganMs = performance.now();
  const line = async (first: number) => {
    for (let index = first; index < operations.length; index = next++) {
      if (index !== first && performance.now() - beganMs > seconds * 1000) return;
      if (hasFailed) return;
      const startedMs = performance.now();
      await operations[index]?.();
      ms.push(performance.now() - startedMs);
    }
  };
  const lines = Array.from({ length: Math.min(clients, operations.length) }, (_, index) => index);
  next = lines.length;
  const ended = await Promise.allSettled(
    lines.map((first) =>
      line(first).catch((error: unknown) => {
        hasFailed = true;
        throw error;
      }),
    ),
  );
  const failure = ended.find((result) => result.status === "rejected");
  if (failure) throw failure.reason;
  return { ms, wallMs: performance.now() - beganMs };
}

/** Runs all operations, `clients` at a time. */
export async function runAll(operations: readonly Operation[], clients: number): Promise<void> {
  await takeTurn(operations, clients, Number.POSITIVE_INFINITY);
}
