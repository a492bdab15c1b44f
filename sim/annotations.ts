import { deleteAnnotation, openAnnotation, putAnnotation } from "../src/store/annotations/annotations.ts";
import type { StoreContext } from "../src/store/context.ts";
import { StoreError } from "../src/store/failure.ts";
import { change, HOT_KEYS, incoming, newBody, type Operation, refusal, survived } from "./operation.ts";
import { type Oracle, Violation } from "./oracle.ts";
import type { Version } from "./versions.ts";

/** Another name for each version: copies and renames take annotations along, and nothing is promised of theirs. */
const noteOf = ({ versionId }: Version) => `note-${versionId}`;
const UNBYPASSED = { bypassGovernance: false };

/** What the model of versions calls the annotation of one. */
export const annotationOf = ({ bucket, versionId }: Version) => `annotation of ${bucket} ${versionId}`;

/** Sets or removes an annotation of a version that must be there, or of whatever a key names. */
export async function annotate(operation: Operation): Promise<void> {
  const { world, versions, host } = operation;
  if (versions.kept.length === 0 || world.random.chance(0.4)) return annotateKey(operation);
  const version = world.random.pick(versions.kept);
  const { etag: _, ...name } = version;
  const removes = world.random.chance(0.25);
  const { bytes } = newBody(operation);
  const etag = versions.said.body(bytes);
  const made = versions.said.begin(annotationOf(version), removes ? null : etag);
  const work = () =>
    removes
      ? deleteAnnotation(host.store, name, { name: noteOf(version), ...UNBYPASSED })
      : putAnnotation(host.store, name, { name: noteOf(version), body: incoming(bytes), ...UNBYPASSED });
  const expected = ["no-such-version", "object-locked"];
  const answer = await change(operation, made, work as () => Promise<unknown>, { oracle: versions.said, expected });
  if (answer && "refused" in answer && answer.refused === "no-such-version" && versions.kept.includes(version)) {
    throw new Violation(`version ${version.versionId} is gone`);
  }
}

/** Nothing is promised of it: the key may be written or deleted at any time, which must leave nothing behind. */
async function annotateKey(operation: Operation): Promise<void> {
  const { world, host, bucket } = operation;
  const key = world.random.pick(HOT_KEYS);
  const { bytes } = newBody(operation);
  try {
    await survived(
      operation,
      putAnnotation(host.store, { bucket, key }, { name: "passing", body: incoming(bytes), ...UNBYPASSED }),
    );
  } catch (error) {
    refusal(error, ["no-such-key", "object-locked"]);
  }
}

/** Checks the annotation of a version to the last byte. */
export async function checkAnnotation(said: Oracle, store: StoreContext, version: Version): Promise<void> {
  const beganAt = said.tick();
  const { etag: _, ...name } = version;
  try {
    const { annotation, read } = await openAnnotation(store, name, noteOf(version));
    said.checkRead(annotationOf(version), annotation.etag, beganAt);
    let at = 0;
    const body = await read();
    for (let piece = await body.next(); piece; piece = await body.next()) {
      said.checkBytes(annotationOf(version), annotation.etag, at, piece);
      at += piece.length;
    }
    if (at !== annotation.sizeBytes) throw new Violation(`${annotationOf(version)}: ${at} bytes came`);
  } catch (error) {
    if (!(error instanceof StoreError) || error.failure.kind !== "no-such-annotation") throw error;
    said.checkRead(annotationOf(version), null, beganAt);
  }
}
