/** Who is told of what in a bucket: its notification configuration. */
export interface NotificationConfiguration {
  readonly rules: readonly NotificationRule[];
  /** Everything goes to the event bus too. */
  readonly eventBridge: boolean;
}

export interface NotificationRule {
  /** The client's, or one that was made for it. */
  readonly id: string;
  readonly kind: TargetKind;
  /** ARN of a queue, a topic or a function. */
  readonly target: string;
  /** `s3:ObjectCreated:*` and the like, as they were given. */
  readonly events: readonly string[];
  /** Bytes that the key begins and ends with; null: not said. */
  readonly prefix: string | null;
  readonly suffix: string | null;
}

export type TargetKind = "queue" | "topic" | "function";

/**
 * Names of events that a rule may have. Source: Amazon S3 API Reference, "QueueConfiguration", Event, and botocore's model 1.44.8. Those
 * of replication, restores and lost objects never happen here, as in a bucket that has no such thing.
 */
export const EVENT_NAMES: ReadonlySet<string> = new Set([
  "s3:ReducedRedundancyLostObject",
  "s3:ObjectCreated:*",
  "s3:ObjectCreated:Put",
  "s3:ObjectCreated:Post",
  "s3:ObjectCreated:Copy",
  "s3:ObjectCreated:CompleteMultipartUpload",
  "s3:ObjectRemoved:*",
  "s3:ObjectRemoved:Delete",
  "s3:ObjectRemoved:DeleteMarkerCreated",
  "s3:ObjectRestore:*",
  "s3:ObjectRestore:Post",
  "s3:ObjectRestore:Completed",
  "s3:ObjectRestore:Delete",
  "s3:Replication:*",
  "s3:Replication:OperationFailedReplication",
  "s3:Replication:OperationNotTracked",
  "s3:Replication:OperationMissedThreshold",
  "s3:Replication:OperationReplicatedAfterThreshold",
  "s3:LifecycleTransition",
  "s3:IntelligentTiering",
  "s3:ObjectAcl:Put",
  "s3:LifecycleExpiration:*",
  "s3:LifecycleExpiration:Delete",
  "s3:LifecycleExpiration:DeleteMarkerCreated",
  "s3:ObjectTagging:*",
  "s3:ObjectTagging:Put",
  "s3:ObjectTagging:Delete",
  "s3:ObjectAnnotation:*",
  "s3:ObjectAnnotation:Put",
  "s3:ObjectAnnotation:Delete",
  "s3:ObjectRetention:Put",
  // Extensions: soft quotas (docs/quotas.md).
  "s3:Quota:*",
  "s3:Quota:BucketSoftLimit",
  "s3:Quota:AccountSoftLimit",
]);

/** Whether a rule asks for an event (its name without `s3:`) of a key. */
export function ruleMatches({ events, prefix, suffix }: NotificationRule, event: string, key: string): boolean {
  if (!events.some((asked) => covers(asked, `s3:${event}`))) return false;
  return key.startsWith(prefix ?? "") && key.endsWith(suffix ?? "");
}

/**
 * Whether some key and event could match two of the rules. S3 takes no such configuration: rules that share an event must differ in
 * their prefixes or in their suffixes. Source: Amazon S3 User Guide, "Configuring event notifications using object key name filtering".
 */
export function haveOverlap(rules: readonly NotificationRule[]): boolean {
  return rules.some((one, index) => rules.slice(index + 1).some((other) => overlap(one, other)));
}

function overlap(one: NotificationRule, other: NotificationRule): boolean {
  const shareEvent = one.events.some((a) => other.events.some((b) => covers(a, b) || covers(b, a)));
  if (!shareEvent) return false;
  const [p, q] = [one.prefix ?? "", other.prefix ?? ""];
  const [s, t] = [one.suffix ?? "", other.suffix ?? ""];
  return (p.startsWith(q) || q.startsWith(p)) && (s.endsWith(t) || t.endsWith(s));
}

/** Whether an event that a rule names, perhaps with a `*` at its end, is or includes another one. */
function covers(asked: string, event: string): boolean {
  return asked === event || (asked.endsWith(":*") && event.startsWith(asked.slice(0, -1)));
}
