import { renameObject } from "../src/store/write/rename.ts";
import { CRASHED, HOT_KEYS, named, type Operation, type Outcome, outcomeOf, refusal, survived } from "./operation.ts";
import { type Change, Violation } from "./oracle.ts";

/** What a rename changes, once it is known what it moves. */
interface Move {
  etag: string;
  gone: Change;
  come: Change;
}

/** Moves an object to another key. With a token, a client without an answer asks once more. */
export async function rename(operation: Operation): Promise<void> {
  const { world, oracle, bucket, key } = operation;
  const to = world.random.pick(HOT_KEYS.filter((other) => other !== key));
  const token = world.random.chance(0.5) ? Buffer.from(world.random.bytes(8)).toString("hex") : null;
  let move: Move | null = null;
  const end = (outcome: Outcome) => {
    if (!move) return;
    oracle.end(move.gone, outcome);
    oracle.end(move.come, outcome);
    if (outcome === "done") oracle.checkPremise(named(operation), move.gone, move.etag);
    move = null;
  };
  for (let attempt = 1; ; attempt++) {
    const beganAt = oracle.tick();
    const checkSource = ({ etag }: { etag: string }) => {
      // Asked again, it has not moved anything yet.
      end("refused");
      oracle.checkRead(named(operation), etag, beganAt);
      move = { etag, gone: oracle.begin(named(operation), null), come: oracle.begin(named(operation, to), etag) };
    };
    const idempotency = token === null ? {} : { idempotency: { token, parameters: `${key} ${to}` } };
    try {
      const work = renameObject(operation.host.store, { bucket, source: key, key: to, checkSource, ...idempotency });
      const result = await survived(operation, work);
      if (result !== CRASHED && !move) throw new Violation(`${named(operation)}: a rename of nothing was done`);
      return end(result === CRASHED ? "unknown" : "done");
    } catch (error) {
      if (error instanceof Violation) throw error;
      const kind = refusal(error, ["no-such-key"]);
      world.count(`answered ${kind}`);
      if (kind === "metadata-unavailable" && token !== null && attempt === 1) continue;
      end(outcomeOf(kind));
      // Not even after an answer that was lost: the token would have told.
      if (kind === "no-such-key") oracle.checkRead(named(operation), null, beganAt);
      return;
    }
  }
}
