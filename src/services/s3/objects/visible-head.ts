import type { Bucket, ObjectHead } from "../../../store/types.ts";
import { type Ask, namedObject, objectAsk } from "../gate/ask.ts";
import type { Call } from "../handler.ts";

/**
 * The parts of an object's head that a GET or HEAD may return: the number of its tags, its
 * retention and its legal hold only to callers who may read each of these.
 */
export function visibleHead(call: Call, { bucket, head }: { bucket: Bucket; head: ObjectHead }): ObjectHead {
  const may = (action: string, versionAction = action) => {
    const ask: Ask = objectAsk(namedObject(call), action, versionAction);
    return call.gate.allowsAsk(ask, bucket, head);
  };
  const { tags } = head;
  const { retention, legalHold, eventHold } = head.lock;
  const mayRetention = retention !== null && may("s3:GetObjectRetention");
  return {
    ...head,
    tags: tags.length > 0 && may("s3:GetObjectTagging", "s3:GetObjectVersionTagging") ? tags : [],
    lock: {
      retention: mayRetention ? retention : null,
      legalHold: legalHold && may("s3:GetObjectLegalHold") ? legalHold : null,
      ...(mayRetention && eventHold && { eventHold }),
    },
  };
}
