import { parsePolicy } from "../../../auth/policy/parse.ts";
import type { Policy } from "../../../auth/policy/policy.ts";
import type { Clock } from "../../../base/clock.ts";
import type { Topics } from "../../../metadata/topics/all.ts";
import type { TopicRow } from "../../../metadata/topics/topics.ts";
import { topicArn } from "../../../topics/settings.ts";
import { defaultPolicy } from "./policies.ts";

/** A topic with its policy compiled. */
export interface KnownTopic extends TopicRow {
  readonly arn: string;
  readonly policy: Policy;
}

type TopicName = Pick<TopicRow, "accountId" | "name">;

const REMEMBERED_MS = 60_000;
/** Policies have 30 KB at most. */
const TOPICS_MAX = 300;

/**
 * Topics that an isolate has read lately, so that publishing is one round trip: its batch fails if the topic is another one by now
 * (`requireTopic`), and is tried again with what there is.
 */
export class TopicMemory {
  readonly #clock: Clock;
  readonly #known = new Map<string, { topic: KnownTopic; readMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What is remembered; undefined: nothing. */
  recall(name: TopicName): KnownTopic | undefined {
    const known = this.#known.get(idOf(name));
    return known !== undefined && this.#clock.now() - known.readMs < REMEMBERED_MS ? known.topic : undefined;
  }

  /** The topic as it is now; null: there is none. One round trip. */
  async read(tables: Topics, name: TopicName): Promise<KnownTopic | null> {
    const readMs = this.#clock.now();
    const row = await tables.topics.find(name.accountId, name.name);
    this.forget(name);
    if (row === null) return null;
    const topic = know(row);
    this.#known.set(idOf(name), { topic, readMs });
    const [oldest] = this.#known.keys();
    if (this.#known.size > TOPICS_MAX && oldest !== undefined) this.#known.delete(oldest);
    return topic;
  }

  forget(name: TopicName): void {
    this.#known.delete(idOf(name));
  }
}

function idOf({ accountId, name }: TopicName): string {
  return `${accountId}/${name}`;
}

function know(row: TopicRow): KnownTopic {
  const arn = topicArn(row);
  const parsed = parsePolicy(row.attributes.Policy ?? defaultPolicy(arn, row.accountId), { kind: "resource", arn });
  if (!parsed.ok) throw new Error(`the policy of ${arn} cannot be read: ${JSON.stringify(parsed.failure)}`);
  return { ...row, arn, policy: parsed.policy };
}
