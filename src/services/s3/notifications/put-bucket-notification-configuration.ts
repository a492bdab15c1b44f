import { firstAccount } from "../../../auth/principal.ts";
import { type EventContext, sendNow } from "../../../events/deliver.ts";
import { testMessage } from "../../../events/record.ts";
import type { NotificationConfiguration } from "../../../events/rules.ts";
import { type Source, type Target, TargetRefused } from "../../../events/target.ts";
import { headBucket } from "../../../store/buckets/buckets.ts";
import { setNotifications } from "../../../store/buckets/notifications.ts";
import { newId } from "../../../store/placement/ids.ts";
import { readDocument } from "../body/document.ts";
import { S3Error } from "../errors/error.ts";
import type { Call, Handler } from "../handler.ts";
import { NOTIFICATION_SHAPE, parseNotificationConfiguration } from "./configuration.ts";

/**
 * PutBucketNotificationConfiguration: replaces the old configuration; an empty one removes it.
 * Every target is looked up first and gets S3's test message. With
 * `x-amz-skip-destination-validation` true both are skipped, and targets may be created later.
 * Throws the errors of `parseNotificationConfiguration`, and InvalidArgument for targets that do
 * not exist or do not let this bucket send.
 */
export const putBucketNotificationConfiguration: Handler = async (call) => {
  const root = await readDocument(call, "NotificationConfiguration", NOTIFICATION_SHAPE);
  const configuration = parseNotificationConfiguration(root, () => newId(call.store));
  const isEmpty = configuration.rules.length === 0 && !configuration.eventBridge;
  if (!isEmpty && !skipsValidation(call)) await validate(call, configuration);
  await setNotifications(call.store, call.bucket, isEmpty ? null : configuration);
  return { status: 200 };
};

function skipsValidation({ headers }: Call): boolean {
  return headers.get("x-amz-skip-destination-validation")?.toLowerCase() === "true";
}

async function validate(call: Call, { rules, eventBridge }: NotificationConfiguration): Promise<void> {
  const { store, bucket, events, requestId, hostId } = call;
  const { busArn } = events.settings;
  if (eventBridge && busArn === null) {
    throw new S3Error(
      "NotImplemented",
      "There is no event bus here: SHERD_EVENT_BUS_ARN says which queue events go to",
    );
  }
  const { ownerAccount } = await headBucket(store, bucket);
  const source: Source = { arn: `arn:aws:s3:::${bucket}`, accountId: ownerAccount ?? firstAccount.accountId };
  const text = testMessage({ bucket, atMs: store.clock.now(), requestId, hostId });
  const arns = [...new Set([...rules.map(({ target }) => target), ...(eventBridge && busArn ? [busArn] : [])])];
  const targets = await Promise.all(arns.map((arn) => openTarget(events, arn, source)));
  await Promise.all(targets.map((target) => sendNow(events, target, [text])));
}

/** Throws InvalidArgument, in S3's words, for a target that a bucket may not use. */
async function openTarget({ targets }: EventContext, arn: string, source: Source): Promise<Target> {
  try {
    return await targets.open(arn, source);
  } catch (error) {
    if (!(error instanceof TargetRefused)) throw error;
    throw new S3Error("InvalidArgument", "Unable to validate the following destination configurations", {
      ArgumentName: arn,
      ArgumentValue: error.message,
    });
  }
}
