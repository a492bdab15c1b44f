import { GuardError, isAccessChanged, MetadataUnavailable } from "../metadata/database.ts";
import { isQueueChanged } from "../metadata/queues/queues.ts";
import type { ClaimedDelivery, ClaimedLine, Outcome } from "../metadata/topics/deliveries.ts";
import { type DeliveryPolicy, delaySeconds, deliveryPolicyOf, TO_QUEUES } from "./delivery-policy.ts";
import { deadLetterArn, givenUpLine } from "./fan-out.ts";
import {
  bodyOf,
  deadLetter,
  isRaw,
  type OpenedPublication,
  openedPublication,
  openPublication,
  queueMessage,
} from "./letters.ts";
import { findQueues, openQueue, postsToQueue, type QueuePost } from "./queue-endpoints.ts";
import { subscriptionArn, topicArn } from "./settings.ts";
import type { DeliveryContext } from "./topic-context.ts";
import type { WebhookOutcome } from "./webhook.ts";

/** What a pass did. */
export interface DeliveryReport {
  delivered: number;
  /** Messages that went to a dead letter queue, or were dropped. */
  givenUp: number;
  /** Messages that are tried again later. */
  waiting: number;
}

/** Deliveries and bytes of one claim. */
const CLAIM = { limit: 50, bytes: 4_000_000 } as const;
/** Whoever has claimed deliveries and says nothing for so long is dead. */
const CLAIM_MS = 120_000;
/** A claim is not worked on for longer: what is left then is given back. */
const WORK_MS = 10_000;
/** Endpoints that take longer to answer count as slow. */
const SLOW_ANSWER_MS = 2_000;
/** Endpoints that fail so often in a row are left alone for the rest of a claim. */
const FAILURES_MAX = 3;
/** A delivery that is out of retries waits so long if its dead letter queue cannot take it now. */
const HELD_MS = 60_000;
/** It is dropped if that has not changed after so long: no queue keeps a message longer. */
const HELD_MAX_MS = 14 * 86_400_000;

interface Serving {
  /** Of the subscription. */
  readonly place: number;
  isSpent(): boolean;
  /** Whether the endpoint counts as slow already. */
  readonly isSlow: boolean;
  /** Is told that the endpoint did not answer, or was slow. */
  noteSlow(): void;
}

/**
 * Makes deliveries of one subscription that are due: one claim. A delivery goes from the table after its endpoint has taken it, so a crash
 * in between makes it once more. False: there is nothing, or somebody else has it.
 */
export async function serveSubscription(
  context: DeliveryContext,
  serving: Serving,
  report: DeliveryReport,
): Promise<boolean> {
  const { place, isSpent } = serving;
  const nowMs = context.clock.now();
  const line = await context.tables.deliveries.claim(place, { nowMs, untilMs: nowMs + CLAIM_MS, ...CLAIM });
  if (line === null) return false;
  const sending = new LineSending(context, line, { untilMs: nowMs + WORK_MS, isSpent });
  try {
    await (line.subscription.protocol === "sqs" ? sending.toQueue() : sending.toWebhook(serving));
    await sending.settle();
  } catch (error) {
    // A queue that is the endpoint was changed in between: the next pass looks it up again.
    await sending.settleFailed(error);
  }
  report.delivered += sending.delivered;
  report.givenUp += sending.givenUp.length;
  report.waiting += line.deliveries.length - sending.delivered - sending.givenUp.length;
  return true;
}

interface Written {
  readonly opened: OpenedPublication;
  readonly body: string;
}

/** The deliveries of one subscription that were claimed together. */
class LineSending {
  readonly givenUp: { delivery: ClaimedDelivery; body: string }[] = [];
  delivered = 0;

  readonly #context: DeliveryContext;
  readonly #line: ClaimedLine;
  readonly #policy: DeliveryPolicy;
  readonly #limits: { untilMs: number; isSpent(): boolean };
  readonly #outcomes: Outcome[] = [];
  readonly #posts: QueuePost[] = [];
  /** Publications that the endpoint has. */
  readonly #taken = new Set<number>();
  #reason = "";

  constructor(context: DeliveryContext, line: ClaimedLine, limits: { untilMs: number; isSpent(): boolean }) {
    this.#context = context;
    this.#line = line;
    this.#limits = limits;
    const { topic, subscription } = line;
    const policy = deliveryPolicyOf(topic.attributes.DeliveryPolicy, subscription.attributes.DeliveryPolicy);
    this.#policy = subscription.protocol === "sqs" ? { ...policy, retry: TO_QUEUES } : policy;
  }

  /** Confirmations for queues of other accounts, and what the KMS of a queue could not be asked for. */
  async toQueue(): Promise<void> {
    const { topic, subscription, deliveries } = this.#line;
    const { endpoint } = subscription;
    const found = (await findQueues(this.#context.queues.queues, [endpoint])).get(endpoint);
    const queue = await openQueue(this.#context, found, topic);
    if (queue === "unavailable") {
      const reason = "the KMS of the queue cannot be reached";
      for (const delivery of deliveries) await this.#noteUnsent(delivery, { reason });
      return;
    }
    for (const delivery of deliveries) {
      const written = await this.#write(delivery);
      if (written === null) continue;
      const message = queueMessage(written.body, { topic, subscription, opened: written.opened });
      if ("problem" in queue || "problem" in message) {
        const { problem } = "problem" in queue ? queue : (message as { problem: string });
        this.#giveUp(delivery, written.body, problem);
        continue;
      }
      this.#posts.push(...postsToQueue(this.#context, queue, [message]));
      this.#done(delivery);
    }
  }

  /** One by one. An endpoint that turns out to be slow gives its slot away: the rest is for the slot of slow ones. */
  async toWebhook({ isSlow, noteSlow }: Pick<Serving, "isSlow" | "noteSlow">): Promise<void> {
    const { clock } = this.#context;
    let failures = 0;
    let isLeft = false;
    for (const [index, delivery] of this.#line.deliveries.entries()) {
      const isOver = this.#limits.isSpent() || clock.now() >= this.#limits.untilMs;
      if (isOver || isLeft || failures >= FAILURES_MAX) {
        this.#release(delivery);
        continue;
      }
      const written = await this.#write(delivery);
      if (written === null) continue;
      const calledMs = clock.now();
      const outcome = await this.#call(delivery, written);
      failures = outcome.kind === "delivered" ? 0 : failures + 1;
      this.#note(delivery, written.body, outcome);
      if (outcome.kind === "unreachable") {
        noteSlow();
        // The others would have fared no better: it counts as an attempt of each.
        for (const other of this.#line.deliveries.slice(index + 1)) await this.#noteUnsent(other, outcome);
        return;
      }
      if (clock.now() - calledMs > SLOW_ANSWER_MS) {
        noteSlow();
        isLeft = !isSlow;
      }
      if (!isLeft && this.#policy.receivesPerSecondMax !== null)
        await clock.sleep(1000 / this.#policy.receivesPerSecondMax);
    }
  }

  async #write(delivery: ClaimedDelivery): Promise<Written | null> {
    const { topic, subscription } = this.#line;
    const publication = openPublication(this.#context, delivery.publication);
    if (publication === null) {
      this.#context.tell(`message ${delivery.publication.messageId} of a topic cannot be decrypted; it is dropped`);
      this.#outcomes.push({ publicationId: delivery.publication.id, nextMs: null });
      return null;
    }
    const opened = openedPublication(delivery.publication, publication);
    return { opened, body: await bodyOf(this.#context, { topic, subscription, opened }) };
  }

  #call({ publication: row }: ClaimedDelivery, { opened, body }: Written): Promise<WebhookOutcome> {
    const { topic, subscription } = this.#line;
    const arn = topicArn(topic);
    return this.#context.webhooks.post({
      url: subscription.endpoint,
      body,
      headers: {
        "content-type":
          opened.publication.kind === "Notification" ? this.#policy.contentType : "text/plain; charset=UTF-8",
        "user-agent": "Amazon Simple Notification Service Agent",
        "x-amz-sns-message-type": opened.publication.kind,
        "x-amz-sns-message-id": row.messageId,
        "x-amz-sns-topic-arn": arn,
        ...(opened.publication.kind !== "SubscriptionConfirmation" && {
          "x-amz-sns-subscription-arn": subscriptionArn(arn, subscription),
        }),
        ...(isRaw(subscription, opened.publication) && { "x-amz-sns-rawdelivery": "true" }),
      },
    });
  }

  #note(delivery: ClaimedDelivery, body: string, outcome: WebhookOutcome): void {
    if (outcome.kind === "delivered") {
      this.#done(delivery);
      return;
    }
    const delay = outcome.kind === "refused" ? null : delaySeconds(this.#policy.retry, delivery.attempts);
    if (delay === null) this.#giveUp(delivery, body, outcome.reason);
    else this.#postpone(delivery, delay, outcome.reason);
  }

  /** An attempt without a call. Its document is written and signed only if it may become a dead letter. */
  async #noteUnsent(delivery: ClaimedDelivery, { reason }: { reason: string }): Promise<void> {
    const delay = delaySeconds(this.#policy.retry, delivery.attempts);
    if (delay !== null) {
      this.#postpone(delivery, delay, reason);
      return;
    }
    const written = await this.#write(delivery);
    if (written !== null) this.#giveUp(delivery, written.body, reason);
  }

  #postpone({ publication, attempts }: ClaimedDelivery, delay: number, failure: string): void {
    const nextMs = this.#context.clock.now() + 1000 * delay;
    this.#outcomes.push({ publicationId: publication.id, nextMs, attempts, failure });
  }

  #done({ publication }: ClaimedDelivery): void {
    this.#taken.add(publication.id);
    this.#outcomes.push({ publicationId: publication.id, nextMs: null });
    this.delivered++;
  }

  #giveUp(delivery: ClaimedDelivery, body: string, reason: string): void {
    this.#outcomes.push({ publicationId: delivery.publication.id, nextMs: null });
    this.givenUp.push({ delivery, body });
    this.#reason = reason;
  }

  /** What was given up waits for its dead letter queue. */
  #holdGivenUp(): void {
    const nextMs = this.#context.clock.now() + HELD_MS;
    for (const { delivery } of this.givenUp.splice(0)) {
      const { publication, attempts } = delivery;
      const at = this.#outcomes.findIndex(({ publicationId }) => publicationId === publication.id);
      this.#outcomes[at] = { publicationId: publication.id, nextMs, attempts, failure: this.#reason };
    }
  }

  /** It was claimed and not tried. */
  #release({ publication, attempts }: ClaimedDelivery): void {
    const nextMs = this.#context.clock.now();
    this.#outcomes.push({ publicationId: publication.id, nextMs, attempts: attempts - 1, failure: null });
  }

  /** Writes down what became of the deliveries; those that were given up reach the dead letter queue in the same batch. */
  async settle(): Promise<void> {
    const { deliveries } = this.#context.tables;
    const { place } = this.#line.subscription;
    for (let attempt = 1; ; attempt++) {
      const letters = await this.#deadLetters();
      if (letters === null) this.#holdGivenUp();
      const posts = [...this.#posts, ...(letters ?? [])];
      try {
        await deliveries.settle(
          place,
          this.#outcomes,
          posts.flatMap(({ statements }) => statements),
        );
        for (const post of posts) post.committed();
        return;
      } catch (error) {
        // The dead letter queue or its key was changed in between. A queue that is the endpoint is looked up again by the next pass.
        const isChanged = isQueueChanged(error) || isAccessChanged(error);
        if (!isChanged || this.#posts.length > 0 || attempt >= 3) throw error;
      }
    }
  }

  /**
   * After an exception: what endpoints took is over, everything else waits, or is dropped if it has been tried as often as the policy
   * says and the exception is none that passes. Rejects if that cannot be written down either: then D1 is gone, and the claim ends by itself.
   */
  async settleFailed(error: unknown): Promise<void> {
    const { topic, subscription, deliveries } = this.#line;
    const reason = error instanceof Error ? error.message.slice(0, 256) : String(error);
    const taken = subscription.protocol === "sqs" ? new Set<number>() : this.#taken;
    this.delivered = taken.size;
    this.givenUp.length = 0;
    const outcomes = deliveries.map((delivery): Outcome => {
      const { publication, attempts } = delivery;
      if (taken.has(publication.id)) return { publicationId: publication.id, nextMs: null };
      const nowMs = this.#context.clock.now();
      const isHeld = passes(error) && nowMs - delivery.sinceMs < HELD_MAX_MS;
      const delay = delaySeconds(this.#policy.retry, attempts) ?? (isHeld ? HELD_MS / 1000 : null);
      if (delay !== null) {
        const nextMs = nowMs + 1000 * Math.max(1, delay);
        return { publicationId: publication.id, nextMs, attempts, failure: reason };
      }
      this.givenUp.push({ delivery, body: "" });
      return { publicationId: publication.id, nextMs: null };
    });
    await this.#context.tables.deliveries.settle(subscription.place, outcomes);
    const count = this.givenUp.length;
    if (count > 0) {
      this.#context.tell(givenUpLine({ topic, subscription, count, reason, deadLetter: undefined, letters: 0 }));
    }
  }

  /** Null: they cannot be sent now. */
  async #deadLetters(): Promise<QueuePost[] | null> {
    const { topic, subscription } = this.#line;
    if (this.givenUp.length === 0) return [];
    const [arn] = deadLetterArn(subscription.attributes);
    const found = arn === undefined ? undefined : (await findQueues(this.#context.queues.queues, [arn])).get(arn);
    const queue = await openQueue(this.#context, found, topic);
    if (queue === "unavailable") return null;
    const isTaken = !("problem" in queue);
    const letters = isTaken
      ? this.givenUp.flatMap(({ delivery, body }) => deadLetter(body, delivery.publication.messageId) ?? [])
      : [];
    const about = { topic, subscription, count: this.givenUp.length, reason: this.#reason };
    this.#context.tell(givenUpLine({ ...about, deadLetter: arn, letters: letters.length }));
    return isTaken ? postsToQueue(this.#context, queue, letters) : [];
  }
}

/** Whether another attempt may succeed though nothing of the delivery changes. */
function passes(error: unknown): boolean {
  return error instanceof GuardError || error instanceof MetadataUnavailable;
}
