import type { NotificationConfiguration } from "../../../events/rules.ts";
import { readNotifications } from "../../../store/buckets/notifications.ts";
import type { Handler } from "../handler.ts";
import { notificationDocument } from "./configuration.ts";

/** GetBucketNotificationConfiguration: an empty document without a configuration. */
export const getBucketNotificationConfiguration: Handler = async ({ store, bucket }) => {
  // Only PutBucketNotificationConfiguration writes it.
  const configuration = (await readNotifications(store, bucket)) as NotificationConfiguration | null;
  return { status: 200, body: notificationDocument(configuration ?? { rules: [], eventBridge: false }) };
};
