import type { AwsClient } from "../aws/client.ts";
import { deleteBucket } from "../aws/s3/buckets.ts";
import { emptyBucket } from "../aws/s3/empty-bucket.ts";
import { queries } from "../session/session.ts";
import { runTask } from "../tasks/tasks.ts";
import { text } from "../text/text.ts";

/** Deletes all that is in the bucket, then the bucket if `isDeleted`, as long work in the tray. */
export function emptyInTray(client: AwsClient, bucket: string, isDeleted: boolean): void {
  void runTask(text("buckets.emptying", { bucket }), { unit: "items" }, async ({ signal, update }) => {
    let done = 0;
    const onDeleted = (count: number) => {
      done += count;
      update({ done });
    };
    await emptyBucket(client, bucket, { signal, onDeleted });
    if (isDeleted) await deleteBucket(client, bucket);
    update({ total: done });
    await queries.invalidateQueries();
  });
}
