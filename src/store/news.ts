import type { News, NewsDetail } from "../metadata/events/outbox.ts";
import type { StoreContext } from "./context.ts";

/** Kinds of changes to an object, by AWS's names of events without `s3:`. */
export type EventName =
  | "ObjectCreated:Put"
  | "ObjectCreated:Post"
  | "ObjectCreated:Copy"
  | "ObjectCreated:CompleteMultipartUpload"
  | "ObjectRemoved:Delete"
  | "ObjectRemoved:DeleteMarkerCreated"
  | "ObjectTagging:Put"
  | "ObjectTagging:Delete"
  | "ObjectAcl:Put"
  | "ObjectRetention:Put"
  | "ObjectAnnotation:Put"
  | "ObjectAnnotation:Delete"
  | "LifecycleTransition"
  | "IntelligentTiering"
  | "LifecycleExpiration:Delete"
  | "LifecycleExpiration:DeleteMarkerCreated";

/** Description of an imminent change in this store, for the bucket's notifications. */
export function newsOf(
  { clock, origin }: Pick<StoreContext, "clock" | "origin">,
  event: EventName,
  detail?: NewsDetail,
): News {
  return { event, atMs: clock.now(), origin: origin ?? null, ...(detail && { detail }) };
}
