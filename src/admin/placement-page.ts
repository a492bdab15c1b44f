import { firstAccount } from "../auth/principal.ts";
import { storeOf } from "../store/buckets/databases.ts";
import type { StoreContext } from "../store/context.ts";
import { StoreError } from "../store/failure.ts";
import { objectPlacement } from "../store/placement/object-placement.ts";
import { KEY_BYTES_MAX } from "../store/types.ts";
import { jsonPage, refusal } from "./json-page.ts";
import type { AskedPage, OwnPage, RenderedPage } from "./serve-page.ts";

const ACTION = "sherd:GetObjectPlacement";
/** The longest name that a bucket of the past may have. */
const BUCKET_CHARACTERS_MAX = 255;

/**
 * `GET /-/placement?bucket=NAME&key=KEY[&versionId=ID]`: where each byte of an object lies, and how many drives may be lost before one is
 * gone. For those who are allowed `sherd:GetObjectPlacement` on the object, in the account that owns its bucket. The key is in the query,
 * because clients resolve `..` in a path.
 */
export function placementPage(store: StoreContext): OwnPage {
  return {
    method: "GET",
    action: ACTION,
    demandsItself: true,
    async render(asked) {
      const bucket = asked.query.get("bucket") ?? "";
      const key = asked.query.get("key") ?? "";
      const isName = /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(bucket) && bucket.length <= BUCKET_CHARACTERS_MAX;
      const owning = isName ? await storeOf(store, bucket) : store;
      const row = isName ? await owning.metadata.buckets.find(bucket) : null;
      demand(asked, `arn:aws:s3:::${bucket}/${key}`, row?.ownerAccount ?? firstAccount.accountId);
      if (!isName || key === "" || new TextEncoder().encode(key).length > KEY_BYTES_MAX) {
        return refusal(400, "bucket and key are needed, as S3 takes them");
      }
      const versionId = asked.query.get("versionId");
      return answer(owning, { bucket, key, ...(versionId === null ? {} : { versionId }) });
    },
  };
}

function demand({ caller }: AskedPage, resource: string, resourceAccountId: string): void {
  caller.demand([{ action: ACTION, resource, resourceAccountId }]);
}

async function answer(store: StoreContext, name: Parameters<typeof objectPlacement>[1]): Promise<RenderedPage> {
  try {
    const { blobs, ...placement } = await objectPlacement(store, name);
    const shown = blobs.map(({ shards, ...blob }) => ({
      ...blob,
      shards: shards.map(({ verifiedMs, ...shard }) => ({
        ...shard,
        verifiedAt: verifiedMs === null ? null : new Date(verifiedMs).toISOString(),
      })),
    }));
    return jsonPage({ ...placement, blobs: shown });
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    switch (error.failure.kind) {
      case "no-such-bucket":
        return refusal(404, "there is no such bucket");
      case "no-such-key":
      case "no-such-version":
        return refusal(404, "there is no such object or version");
      case "is-delete-marker":
        return refusal(404, "a delete marker has no bytes");
      default:
        throw error;
    }
  }
}
