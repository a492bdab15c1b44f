import type { QueueRow } from "../metadata/queues/queues.ts";
import { DataKeyRefused, type DataKeyResult, type DataKeys, type EncryptionContext } from "../sealing/data-keys.ts";
import { queueArn, settingsOf } from "./settings.ts";

/** The KMS's data keys for whoever sends or receives. */
export interface QueueKeys extends DataKeys {
  /** Whether they may open what the key made: `kms:Decrypt`, and the key can be used. */
  mayOpen(key: { keyId: string; accountId: string; context: EncryptionContext }): Promise<DataKeyResult<object>>;
}

/** A data key that messages are encrypted with. */
export interface MessageKey {
  readonly plain: Uint8Array;
  /** As it is kept beside each message: the ARN of its key, that of the queue which it was made for, and the encrypted data key. */
  readonly kept: string;
}

type Queue = Pick<QueueRow, "accountId" | "region" | "name" | "attributes">;

/**
 * The data key for messages that are about to be sent to a queue; null: its messages are not encrypted with a key of the KMS. The sender needs
 * `kms:GenerateDataKey` and `kms:Decrypt`. The same data key serves one sender for as long as the queue says. The batch that sends must be
 * guarded by what made `keys`. Throws `DataKeyRefused`.
 *
 * Follows "Amazon SQS Key management" in the SQS Developer Guide.
 */
export async function messageKey(keys: Pick<DataKeys, "generate"> | null, queue: Queue): Promise<MessageKey | null> {
  const { kmsKeyId: keyId, keyReuseSeconds: reuseSeconds } = settingsOf(queue);
  if (keyId === null) return null;
  const { accountId } = queue;
  const asked = { keyId, accountId, context: contextOf(queueArn(queue)), reuseSeconds };
  const made = accepted((await keys?.generate({ ...asked, mayReuse: true, alsoDecrypt: true })) ?? NO_KMS);
  return { plain: made.plain, kept: `${made.keyArn} ${queueArn(queue)} ${made.sealed}` };
}

/** Throws `DataKeyRefused` unless the receiver may open what is sent to the queue now. */
export async function requireOpenable(keys: QueueKeys | null, queue: Queue): Promise<void> {
  const { kmsKeyId: keyId } = settingsOf(queue);
  if (keyId === null) return;
  const { accountId } = queue;
  accepted((await keys?.mayOpen({ keyId, accountId, context: contextOf(queueArn(queue)) })) ?? NO_KMS);
}

/** Opens data keys that are kept beside messages, each once. A message keeps its own when it moves to another queue. */
export class MessageKeyring {
  readonly #keys: QueueKeys | null;
  readonly #reuseSeconds: number;
  readonly #opened = new Map<string, DataKeyResult<{ readonly plain: Uint8Array }>>();

  constructor(keys: QueueKeys | null, queue: Queue) {
    this.#keys = keys;
    this.#reuseSeconds = settingsOf(queue).keyReuseSeconds;
  }

  async open(kept: string): Promise<DataKeyResult<{ readonly plain: Uint8Array }>> {
    const known = this.#opened.get(kept);
    if (known !== undefined) return known;
    const [keyArn = "", arn = "", sealed = ""] = kept.split(" ");
    const asked = { sealed, keyArn, context: contextOf(arn), reuseSeconds: this.#reuseSeconds };
    const opened = (await this.#keys?.open(asked)) ?? NO_KMS;
    this.#opened.set(kept, opened);
    return opened;
  }
}

/** The encryption context that policies of keys can ask for: "Amazon SQS encryption context" in the KMS Developer Guide. */
function contextOf(arn: string): EncryptionContext {
  return { "aws:sqs:arn": arn };
}

const NO_KMS = { ok: false, failure: { kind: "not-configured" } } as const;

function accepted<T>(result: DataKeyResult<T>): T {
  if (!result.ok) throw new DataKeyRefused(result.failure);
  return result;
}
