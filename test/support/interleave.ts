import { decorate, decorateWriter } from "../../src/drives/decorate.ts";
import type { Drive } from "../../src/drives/drive.ts";
import { settle } from "./manual-clock.ts";

/** Where actors wait for their turn: each call to D1 and each call to a drive is one. */
export interface Turnstile {
  /** Lets all others go first, or none: which is tried in every order. */
  pass(actor: number): Promise<void>;
}

/** One way in which it can go. `actors` are what happens at the same time; `check` runs when all have ended. */
export interface Scenario {
  actors: readonly (() => Promise<unknown>)[];
  check(results: readonly PromiseSettledResult<unknown>[]): Promise<void>;
}

/**
 * Runs a scenario in every order in which the calls of its actors can follow on each other; the calls that one actor makes at the
 * same time are taken in the order in which it makes them. `begin` builds each run again. Returns the number of orders.
 */
export async function inEveryOrder(begin: (turnstile: Turnstile, run: number) => Promise<Scenario>): Promise<number> {
  let wanted: number[] = [];
  for (let run = 1; ; run++) {
    const waiting: { actor: number; go: () => void }[] = [];
    let isOpen = true;
    const pass = (actor: number): Promise<void> =>
      isOpen ? Promise.resolve() : new Promise((go) => waiting.push({ actor, go }));
    const { actors, check } = await begin({ pass }, run);
    isOpen = false;
    const all = Promise.allSettled(actors.map((act) => act()));
    const taken = await directed(waiting, wanted);
    isOpen = true;
    const results = await all;
    try {
      await check(results);
    } catch (error) {
      const order = taken.map(({ actor }) => actor).join("");
      throw new Error(`in the order ${order} of the actors: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    }
    while (taken.at(-1)?.isLast) taken.pop();
    const last = taken.at(-1);
    if (!last) return run;
    wanted = [...taken.slice(0, -1).map(({ choice }) => choice), last.choice + 1];
  }
}

interface Taken {
  actor: number;
  /** Which of those that could go on went on, and whether it was the last one to be tried here. */
  choice: number;
  isLast: boolean;
}

/** Lets one after the other through, as `wanted` says and then the first, until nobody waits any more. */
async function directed(waiting: { actor: number; go: () => void }[], wanted: readonly number[]): Promise<Taken[]> {
  const taken: Taken[] = [];
  for (;;) {
    await settle();
    const ready = [...new Set(waiting.map(({ actor }) => actor))].sort();
    if (ready.length === 0) return taken;
    const choice = wanted[taken.length] ?? 0;
    const actor = ready[choice] as number;
    taken.push({ actor, choice, isLast: choice === ready.length - 1 });
    const at = waiting.findIndex((one) => one.actor === actor);
    waiting.splice(at, 1)[0]?.go();
  }
}

/** A D1 whose batches wait for their turn. */
export function turnedD1(d1: D1Database, { pass }: Turnstile, actor: number): D1Database {
  return new Proxy(d1, {
    get(target, name) {
      if (name !== "batch") return Reflect.get(target, name).bind(target);
      return async (statements: D1PreparedStatement[]) => {
        await pass(actor);
        return target.batch(statements);
      };
    },
  });
}

/** A drive whose writes wait for their turn. */
export function turnedDrive(drive: Drive, { pass }: Turnstile, actor: number): Drive {
  return decorate(drive, {
    put: (key, sizeBytes) => {
      const writer = drive.put(key, sizeBytes);
      return decorateWriter(writer, {
        write: (bytes) => pass(actor).then(() => writer.write(bytes)),
        close: () => pass(actor).then(() => writer.close()),
      });
    },
  });
}
