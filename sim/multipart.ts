import { createHash } from "node:crypto";
import { type CompletedPart, completeUpload } from "../src/store/multipart/complete-upload.ts";
import { uploadPart, uploadPartCopy } from "../src/store/multipart/upload-part.ts";
import { abortUpload, createUpload, type UploadName } from "../src/store/multipart/uploads.ts";
import {
  CRASHED,
  incoming,
  KEYS,
  NO_ATTRIBUTES,
  named,
  newBody,
  type Operation,
  type Outcome,
  outcomeOf,
  pickBucket,
  pickClass,
  refusal,
  survived,
} from "./operation.ts";
import { Violation } from "./oracle.ts";

interface Part extends CompletedPart {
  bytes: Uint8Array;
}

/** An upload from beginning to end. Now and then something else is done to it while it is completed. */
export async function multipart(operation: Operation): Promise<void> {
  try {
    await survived(operation, upload(operation));
  } catch (error) {
    if (error instanceof Violation) throw error;
    refusal(error);
  }
}

async function upload(operation: Operation): Promise<void> {
  const { world, host, bucket, key } = operation;
  const what = { owner: "root", attributes: NO_ATTRIBUTES, storageClass: pickClass(operation), checksum: null };
  const { uploadId } = await createUpload(host.store, { bucket, key, ...what });
  const name = { bucket, key, uploadId };
  const parts: Part[] = [];
  const count = 1 + world.random.below(3);
  for (let partNumber = 1; partNumber <= count; partNumber++) {
    const copied = world.random.chance(0.25) ? await copyPart(operation, name, partNumber) : null;
    parts.push(copied ?? (await writePart(operation, name, partNumber)));
    if (world.random.chance(0.1)) parts[partNumber - 1] = await writePart(operation, name, partNumber);
  }
  if (world.random.chance(0.15)) return abortUpload(host.store, name);
  await complete(operation, name, parts);
}

async function writePart(operation: Operation, name: UploadName, partNumber: number): Promise<Part> {
  const { bytes } = newBody(operation);
  const { etag } = await uploadPart(operation.host.store, { ...name, partNumber, body: () => incoming(bytes) });
  return { partNumber, etag, bytes };
}

/** A part of what some key names; null if it names nothing. */
async function copyPart(operation: Operation, name: UploadName, partNumber: number): Promise<Part | null> {
  const { world, oracle, host } = operation;
  const source = { bucket: pickBucket(world), key: world.random.pick(KEYS) };
  const sourceName = `${source.bucket}/${source.key}`;
  const beganAt = oracle.tick();
  let bytes = new Uint8Array();
  const select = ({ etag, sizeBytes }: { etag: string; sizeBytes: number }) => {
    oracle.checkRead(sourceName, etag, beganAt);
    const offset = world.random.chance(0.5) ? 0 : world.random.below(sizeBytes);
    const length = world.random.chance(0.5) ? sizeBytes - offset : 1 + world.random.below(sizeBytes - offset);
    bytes = oracle.bytesOf(etag)?.slice(offset, offset + length) ?? bytes;
    return { offset, length };
  };
  try {
    const { etag } = await uploadPartCopy(host.store, { ...name, partNumber, source, select });
    return { partNumber, etag, bytes };
  } catch (error) {
    if (error instanceof Violation || refusal(error, ["no-such-key"]) !== "no-such-key") throw error;
    oracle.checkRead(sourceName, null, beganAt);
    return null;
  }
}

/** Operations at the same time as a Complete, three times of ten. */
const RIVALS = ["abort", "complete", "rewrite"] as const;
type Rival = (typeof RIVALS)[number];

/** Outcome of an operation; `refused` says why. */
interface Answer {
  outcome: Outcome;
  refused?: string;
}

async function complete(operation: Operation, name: UploadName, parts: readonly Part[]): Promise<void> {
  const { world, oracle, versions } = operation;
  const etag = etagOf(parts);
  oracle.know(etag, new Uint8Array(Buffer.concat(parts.map(({ bytes }) => bytes))));
  const made = oracle.begin(named(operation), etag);
  let isRemembered = false;
  const completing = async () => {
    const written = await completeUpload(operation.host.store, { ...name, parts });
    if (written.etag !== etag) throw new Violation(`CompleteMultipartUpload answered ${written.etag} for ${etag}`);
    if (!isRemembered) versions.remember(name, written, etag);
    isRemembered = true;
  };
  const rival = world.random.pick([...RIVALS, ...Array(7).fill(null)] as (Rival | null)[]);
  const [first, other] = await Promise.all([
    answered(operation, completing()),
    rival === "abort" ? answered(operation, abortUpload(operation.host.store, name)) : null,
    rival === "complete" ? answered(operation, completing()) : null,
    // Whether it comes before or after, the object is made of the parts that were listed, or not at all.
    rival === "rewrite" ? answered(operation, writePart(operation, name, 1)) : null,
  ]).then(([completion, ...others]) => [completion, others.find((answer) => answer !== null)] as const);
  const completed = rival === "complete" && other ? [first, other] : [first];
  const isDone = completed.some(({ outcome }) => outcome === "done");
  const isRefused = completed.every(({ outcome }) => outcome === "refused");
  oracle.end(made, isDone ? "done" : isRefused ? "refused" : "unknown");
  if (rival === "abort" && isDone && other?.outcome === "done") {
    throw new Violation(`${name.uploadId} was completed and aborted`);
  }
  const mayBeGone = rival === "abort" || rival === "complete";
  if (first.refused === "no-such-upload" && !mayBeGone) throw new Violation(`${name.uploadId} is gone by itself`);
  if (first.refused === "invalid-part" && rival !== "rewrite") throw new Violation(`${name.uploadId} lost a part`);
}

async function answered(operation: Operation, work: Promise<unknown>): Promise<Answer> {
  try {
    return { outcome: (await survived(operation, work)) === CRASHED ? "unknown" : "done" };
  } catch (error) {
    if (error instanceof Violation) throw error;
    const refused = refusal(error, ["no-such-upload", "invalid-part"]);
    operation.world.count(`answered ${refused}`);
    return { outcome: outcomeOf(refused), refused };
  }
}

function etagOf(parts: readonly Part[]): string {
  const md5 = createHash("md5");
  for (const { etag } of parts) md5.update(Buffer.from(etag, "hex"));
  return `${md5.digest("hex")}-${parts.length}`;
}
