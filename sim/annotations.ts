import { deleteAnnotation, putAnnotation } from "../src/store/annotations/annotations.ts";
import { change, HOT_KEYS, incoming, newBody, type Operation, refusal, survived } from "./operation.ts";
import { Violation } from "./oracle.ts";
import { annotationOf, noteOf } from "./versions.ts";

const UNBYPASSED = { bypassGovernance: false };

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
