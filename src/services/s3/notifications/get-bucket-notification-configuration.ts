import type { NotificationConfiguration } from "../../../events/rules.ts";
import { readNotifications } from "../../../store/buckets/notifications.ts";
import type { Handler } from "../handler.ts";
import { notificationDocument } from "./configuration.ts";

/** GetBucketNotificationConfiguration: an empty document where nobody wants to know of anything. */
export const getBucketNotificationConfiguration: Handler = async ({ store, bucket }) => {
  // PutBucketNotificationConfiguration has written it, and nothing else does.
  const configuration = (await readNotifications(store, bucket)) as NotificationConfiguration | null;
  return { status: 200, body: notificationDocument(configuration ?? { rules: [], eventBridge: false }) };
};
