import { createHash } from "node:crypto";
import { StoreError } from "../src/store/failure.ts";
import { headObject } from "../src/store/read/objects.ts";
import { appendObject } from "../src/store/write/append.ts";
import {
  CRASHED,
  change,
  incoming,
  NO_ATTRIBUTES,
  named,
  newBody,
  type Operation,
  refusal,
  survived,
} from "./operation.ts";
import { Violation } from "./oracle.ts";

/** No object grows beyond this. */
const SIZE_MAX = 30_000;

/** Appends to the key's object, or creates it; sometimes at an offset that is not its end. */
export async function append(operation: Operation): Promise<void> {
  const { world, oracle, host, bucket, key } = operation;
  const base = await findBase(operation);
  if (base === CRASHED || (base?.bytes.length ?? 0) > SIZE_MAX) return;
  const { bytes } = newBody(operation);
  const whole = base ? new Uint8Array(Buffer.concat([base.bytes, bytes])) : bytes;
  const etag = etagOfAppended(base?.etag ?? null, bytes);
  oracle.know(etag, whole);
  const isWrong = world.random.chance(0.2);
  const end = base?.bytes.length ?? 0;
  const request = {
    bucket,
    key,
    offset: isWrong ? end + 1 - 2 * (end > 0 ? world.random.below(2) : 0) : end,
    body: () => incoming(bytes),
    created: { attributes: NO_ATTRIBUTES, storageClass: "STANDARD" },
    // The object whose end is meant, not another one of the same length.
    condition: base ? { ifMatch: base.etag } : { ifNoneMatch: "*" as const },
  };
  const made = oracle.begin(named(operation), etag);
  const expected = ["wrong-offset", "not-appendable", "precondition-failed", "precondition-no-such-key"];
  const answer = await change(operation, made, () => appendObject(host.store, request), { expected });
  if (!answer) return;
  if ("refused" in answer) {
    const isVersioned = bucket !== "plain";
    if (isVersioned !== (answer.refused === "not-appendable") && isDecided(answer.refused)) {
      throw new Violation(`${named(operation)}: an append was answered ${answer.refused}`);
    }
    return;
  }
  const { result } = answer;
  if (isWrong) throw new Violation(`${named(operation)}: an append at ${request.offset} was made to ${end} bytes`);
  if (result.etag !== etag) throw new Violation(`an append to ${base?.etag} answered ${result.etag}, not ${etag}`);
  if (result.sizeBytes !== whole.length) throw new Violation(`an append answered ${result.sizeBytes} bytes`);
  oracle.checkPremise(named(operation), made, base?.etag ?? null);
}

/** Whether a refusal says something about the object, and not only that something is down. */
function isDecided(refused: string): boolean {
  return !["drives-unavailable", "metadata-unavailable"].includes(refused);
}

/** What the key names now; null for nothing. */
async function findBase(operation: Operation): Promise<{ etag: string; bytes: Uint8Array } | null | typeof CRASHED> {
  const { oracle, host, bucket, key } = operation;
  try {
    const head = await survived(operation, headObject(host.store, { bucket, key }));
    if (head === CRASHED) return CRASHED;
    const bytes = oracle.bytesOf(head.etag);
    if (!bytes) throw new Violation(`${named(operation)}: an object with the ETag ${head.etag} was never written`);
    return { etag: head.etag, bytes };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return refusal(error, ["no-such-key"]) === "no-such-key" ? null : CRASHED;
  }
}

/** As of an object of parts, of which the appended bytes are one more. */
function etagOfAppended(base: string | null, appended: Uint8Array): string {
  const md5 = createHash("md5").update(appended).digest();
  if (base === null) return md5.toString("hex");
  const [ofParts = "", parts = "1"] = base.split("-");
  return `${createHash("md5").update(ofParts, "hex").update(md5).digest("hex")}-${Number(parts) + 1}`;
}
