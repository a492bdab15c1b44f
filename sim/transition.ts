import { MetadataUnavailable } from "../src/metadata/database.ts";
import { StoreError } from "../src/store/failure.ts";
import { moveToClass } from "../src/store/tiers/move-to-class.ts";
import { CRASHED, type Operation, refusal, survived } from "./operation.ts";
import { Violation } from "./oracle.ts";

const CLASSES = ["STANDARD", "REDUCED_REDUNDANCY", "GLACIER_IR"] as const;
/** Number of versions to choose from; the seed picks one of them. */
const PAGE = 40;

/**
 * Moves some version, current or not, to another storage class, as a lifecycle rule does. Nobody
 * can see a difference: reads during the move or later check its bytes.
 */
export async function transition(operation: Operation): Promise<void> {
  const { world } = operation;
  try {
    const moved = await survived(operation, moveOne(operation));
    world.count(moved === CRASHED ? "transition crashed" : `transition: ${moved}`);
    if (moved === "failed no-space") throw new Violation("a transition found no space where there is no disk");
  } catch (error) {
    if (error instanceof Violation) throw error;
    // What the scan met.
    refusal(asRefusal(error));
  }
}

async function moveOne({ world, host, key }: Operation): Promise<string> {
  const { random } = world;
  const table = random.chance(0.7) ? "objects" : "versions";
  const after = { bucketId: 1 + random.below(4), key, seq: 0 };
  const found = await host.store.metadata.packing.scan(table, random.chance(0.5) ? null : after, PAGE);
  const movable = found.filter(({ isInline, extentCount }) => isInline || extentCount > 0);
  if (movable.length === 0) return "nothing there";
  const { bucketId, key: name, seq, id, storageClass } = random.pick(movable);
  const to = random.pick(CLASSES);
  const version = { table, place: { bucketId, key: name, seq }, id, storageClass } as const;
  const moved = await moveToClass(host.store, version, to);
  return moved.kind === "failed" ? `failed ${moved.failure.kind}` : moved.kind;
}

/** The scan is a call of its own to the database, which may fail. */
function asRefusal(error: unknown): unknown {
  const isAway = error instanceof MetadataUnavailable;
  return isAway ? new StoreError({ kind: "metadata-unavailable" }) : error;
}
