import type { AccessGuard } from "../metadata/access-guard.ts";
import type { Statement } from "../metadata/database.ts";
import { requireEpoch } from "../metadata/identities/accounts.ts";
import type { QueueRow } from "../metadata/queues/queues.ts";
import type { DataKeys, ServiceUse } from "../sealing/data-keys.ts";
import { type MessageKey, messageKey } from "./message-keys.ts";
import { settingsOf } from "./settings.ts";

/** The data keys of a service of the server's own, which sends for nobody's request. */
export type ServiceKeys = (use: ServiceUse) => Pick<DataKeys, "generate"> & { readonly guard: AccessGuard | null };

/**
 * The data key with which a service sends to a queue, and statements for the same batch: they fail it with `GuardError` access_changed if a key of
 * the queue's account was changed since. Throws `DataKeyRefused`. One D1 round trip if the queue has a key of the KMS.
 */
export async function serviceKey(
  keysOfService: ServiceKeys | null,
  queue: QueueRow,
  { service, source }: Pick<ServiceUse, "service" | "source">,
): Promise<{ key: MessageKey | null; statements: Statement[] }> {
  if (settingsOf(queue).kmsKeyId === null) return { key: null, statements: [] };
  const keys = keysOfService?.({ service, source, accountId: queue.accountId, via: "sqs" }) ?? null;
  const key = await messageKey(keys, queue);
  const epoch = keys?.guard?.epoch() ?? null;
  return { key, statements: epoch === null ? [] : [requireEpoch(queue.accountId, epoch)] };
}
