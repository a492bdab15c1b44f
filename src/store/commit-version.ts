import type { VersionCommit } from "../metadata/commit.ts";
import { MetadataUnavailable } from "../metadata/database.ts";
import type { StoreContext } from "./context.ts";
import { withMetadata } from "./translate-metadata.ts";

/**
 * Step 6: makes a version visible, atomically, or throws a `StoreError` and nothing has changed. Where D1 does not say
 * whether it committed, the version's unguessable id is looked for before the caller is told.
 */
export async function commitVersion(store: StoreContext, bucket: string, commit: VersionCommit): Promise<void> {
  const { bucketId, key, id } = commit.version;
  await withMetadata({ bucket, key, uploadId: commit.completes?.uploadId ?? "" }, async () => {
    try {
      await store.metadata.commits.version(commit);
    } catch (error) {
      if (!(error instanceof MetadataUnavailable)) throw error;
      if ((await store.metadata.objects.currentId(bucketId, key)) !== id) throw error;
    }
  });
}
