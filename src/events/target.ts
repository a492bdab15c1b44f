import type { Statement } from "../metadata/database.ts";

/** Who sends: a bucket. Targets let those in that their policies allow. */
export interface Source {
  /** `arn:aws:s3:::bucket` */
  readonly arn: string;
  /** Id of the account that owns the bucket. */
  readonly accountId: string;
}

/**
 * A place that messages go to. `inBatch`: it lies in the first database, and a message is there with the commit of statements.
 * `outside`: it is called, and may have a message twice.
 */
export type Target =
  | {
      readonly kind: "inBatch";
      statements(messages: readonly string[]): Statement[];
      /** The statements were committed. */
      committed(count: number): void;
    }
  | { readonly kind: "outside"; send(messages: readonly string[]): Promise<void> };

/** Why nothing can be sent to a target, in words for whoever configured it. */
export class TargetRefused extends Error {
  readonly reason: "unknown" | "denied" | "unsupported";

  constructor(reason: TargetRefused["reason"], message: string) {
    super(message);
    this.name = "TargetRefused";
    this.reason = reason;
  }
}

/** All targets that a bucket may name. */
export interface Targets {
  /**
   * The target that an ARN names, if `source` may send to it now. Throws `TargetRefused`, and `MetadataUnavailable`. At most one D1 round
   * trip.
   */
  open(arn: string, source: Source): Promise<Target>;
}
