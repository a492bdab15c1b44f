import type { AwsClient } from "../client.ts";
import { deleteObjects } from "./delete.ts";
import { type CopyOptions, copyObject, type ObjectRef } from "./objects.ts";

/** Copies, then deletes the source. Onto its own name nothing is deleted: there the copy may have taken the source's place. */
export async function moveObject(
  client: AwsClient,
  from: ObjectRef,
  to: ObjectRef,
  options: CopyOptions = {},
): Promise<void> {
  await copyObject(client, from, to, options);
  if (from.bucket !== to.bucket || from.key !== to.key) await deleteObjects(client, from.bucket, [from]);
}
