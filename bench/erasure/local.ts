import type { Case, Contestant } from "./cases.ts";
import type { Preparation, Round } from "./rounds.ts";

/** Runs rounds in this process. */
export function localContestant(implementation: string, prepare: Preparation): Contestant {
  let prepared: { work: Case; round: Round | null } | null = null;
  return {
    implementation,
    runtime: "node",
    run: async (work, rounds) => {
      if (prepared?.work !== work) prepared = { work, round: prepare(work) };
      return prepared.round === null ? null : await secondsOf(prepared.round, rounds);
    },
    close: async () => {},
  };
}

/**
 * CPU seconds of the process, including its threads: other work on the machine then counts less
 * than by the clock.
 */
async function secondsOf(round: Round, rounds: number): Promise<number> {
  const start = process.cpuUsage();
  for (let i = 0; i < rounds; i++) {
    const pending = round();
    if (pending !== undefined) await pending;
  }
  const { user, system } = process.cpuUsage(start);
  return Math.max(user + system, 1) / 1e6;
}
