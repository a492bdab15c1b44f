import type { Statement } from "../metadata/database.ts";

/** Who sends: a bucket. Targets let those in that their policies allow. */
export interface Source {
  /** `arn:aws:s3:::bucket` */
  readonly arn: string;
  /** Id of the account that owns the bucket. */
  readonly accountId: string;
}

/** Messages that are sent by a batch of the first database. */
export interface BatchedMessages {
  readonly statements: readonly Statement[];
  /** To be called once the batch is applied. */
  committed(): void;
}

/**
 * A place that messages go to. `inBatch`: it lies in the first database, and a message is there with the commit of statements.
 * `outside`: it is called, and may have a message twice.
 */
export type Target =
  | { readonly kind: "inBatch"; batch(messages: readonly string[]): BatchedMessages }
  | { readonly kind: "outside"; send(messages: readonly string[]): Promise<void> };

/** Nothing can be sent to a target; the message says why to whoever configured it. */
export class TargetRefused extends Error {
  override readonly name = "TargetRefused";
}

/** All targets that a bucket may name. */
export interface Targets {
  /**
   * The target that an ARN names, if `source` may send to it now. Throws `TargetRefused`, `MetadataUnavailable`, and `DataKeyRefused` if the
   * KMS of a queue cannot be reached. At most one D1 round trip, two for a queue with a key of the KMS.
   */
  open(arn: string, source: Source): Promise<Target>;
}
