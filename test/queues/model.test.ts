import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Service } from "../../src/edge/service.ts";
import { SqsRig } from "../services/sqs/support/sqs.ts";

/** A message as the rules have it. */
interface Expected {
  readonly body: string;
  readonly group: string;
  visibleMs: number;
  isReceived: boolean;
}

interface Receipt {
  readonly message: Expected;
  readonly handle: string;
  /** Whether it is of the message's last receive. */
  isLast: boolean;
}

type Step =
  | { readonly kind: "send"; readonly group: number; readonly delaySeconds: number }
  | { readonly kind: "receive"; readonly count: number; readonly seconds: number }
  | { readonly kind: "delete"; readonly which: number }
  | { readonly kind: "hide"; readonly which: number; readonly seconds: number }
  | { readonly kind: "pass"; readonly seconds: number };

const seconds = fc.integer({ min: 0, max: 20 });
const which = fc.nat(1_000);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("send" as const),
      group: fc.nat(2),
      delaySeconds: fc.constantFrom(0, 0, 0, 5),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("receive" as const), count: fc.integer({ min: 1, max: 10 }), seconds }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("delete" as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("hide" as const), which, seconds }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("pass" as const), seconds }) },
);

/** The rules of a queue, and what the real one did: every answer is compared. */
class Model {
  readonly #rig: SqsRig;
  readonly #isolates: readonly Service[];
  readonly #url: string;
  readonly #isFifo: boolean;
  #messages: Expected[] = [];
  readonly #receipts: Receipt[] = [];
  #count = 0;

  constructor(rig: SqsRig, url: string) {
    this.#rig = rig;
    this.#isolates = [rig.isolate(), rig.isolate()];
    this.#url = url;
    this.#isFifo = url.endsWith(".fifo");
  }

  get #nowMs(): number {
    return this.#rig.clock.now();
  }

  #call(operation: string, input: object) {
    const service = this.#isolates[this.#count % 2];
    return this.#rig.call(this.#rig.root(), operation, { QueueUrl: this.#url, ...input }, service);
  }

  async run(one: Step): Promise<void> {
    this.#count++;
    switch (one.kind) {
      case "send":
        return this.#send(one.group, one.delaySeconds);
      case "receive":
        return this.#receive(one.count, one.seconds);
      case "delete":
        return this.#delete(one.which);
      case "hide":
        return this.#hide(one.which, one.seconds);
      case "pass":
        return this.#rig.clock.advance(one.seconds * 1000);
    }
  }

  async #send(groupNumber: number, delaySeconds: number): Promise<void> {
    const [body, group] = [`m${this.#count}`, `g${groupNumber}`];
    const more = this.#isFifo ? { MessageGroupId: group } : { DelaySeconds: delaySeconds };
    expect((await this.#call("SendMessage", { MessageBody: body, ...more })).status).toBe(200);
    const delayMs = this.#isFifo ? 0 : delaySeconds * 1000;
    this.#messages.push({ body, group, visibleMs: this.#nowMs + delayMs, isReceived: false });
  }

  /** The messages that may be received, by their groups; a standard queue's are each a group of its own. */
  #available(): Expected[][] {
    if (!this.#isFifo) return this.#messages.filter(({ visibleMs }) => visibleMs <= this.#nowMs).map((one) => [one]);
    const groups = Map.groupBy(this.#messages, ({ group }) => group);
    return [...groups.values()].filter((all) => all.every(({ visibleMs }) => visibleMs <= this.#nowMs));
  }

  async #receive(count: number, hiddenSeconds: number): Promise<void> {
    const input = { MaxNumberOfMessages: count, VisibilityTimeout: hiddenSeconds };
    const { result } = await this.#call("ReceiveMessage", input);
    const got = (result.Messages ?? []) as { Body: string; ReceiptHandle: string }[];
    const available = this.#available();
    expect(got.length).toBe(Math.min(count, available.flat().length));
    const bodies = got.map(({ Body }) => Body);
    expect(new Set(bodies).size).toBe(bodies.length);
    for (const all of available) {
      const taken = bodies.filter((body) => all.some((one) => one.body === body));
      expect(taken).toEqual(all.slice(0, taken.length).map(({ body }) => body));
    }
    for (const { Body, ReceiptHandle } of got) {
      const message = available.flat().find(({ body }) => body === Body) as Expected;
      message.visibleMs = this.#nowMs + hiddenSeconds * 1000;
      message.isReceived = true;
      for (const receipt of this.#receipts) if (receipt.message === message) receipt.isLast = false;
      this.#receipts.push({ message, handle: ReceiptHandle, isLast: true });
    }
  }

  #receipt(number: number): { receipt: Receipt; counts: boolean; isHere: boolean } | null {
    const receipt = this.#receipts[number % Math.max(1, this.#receipts.length)];
    if (receipt === undefined) return null;
    const isHere = this.#messages.includes(receipt.message);
    const isInFlight = receipt.message.visibleMs > this.#nowMs;
    return { receipt, isHere, counts: isHere && receipt.isLast && (!this.#isFifo || isInFlight) };
  }

  async #delete(number: number): Promise<void> {
    const found = this.#receipt(number);
    if (found === null) return;
    const { status } = await this.#call("DeleteMessage", { ReceiptHandle: found.receipt.handle });
    expect(status).toBe(found.counts || !this.#isFifo ? 200 : 400);
    if (found.counts) this.#messages = this.#messages.filter((one) => one !== found.receipt.message);
  }

  async #hide(number: number, hiddenSeconds: number): Promise<void> {
    const found = this.#receipt(number);
    if (found === null) return;
    const input = { ReceiptHandle: found.receipt.handle, VisibilityTimeout: hiddenSeconds };
    const { status } = await this.#call("ChangeMessageVisibility", input);
    expect(status).toBe(found.counts ? 200 : 400);
    if (found.counts) found.receipt.message.visibleMs = this.#nowMs + hiddenSeconds * 1000;
  }

  /** Everything that was sent and not deleted is there, and nothing else. */
  async drain(): Promise<void> {
    await this.#rig.clock.advance(60_000);
    const left: string[] = [];
    for (;;) {
      const { result } = await this.#call("ReceiveMessage", { MaxNumberOfMessages: 10, VisibilityTimeout: 600 });
      const got = (result.Messages ?? []) as { Body: string; ReceiptHandle: string }[];
      if (got.length === 0) break;
      left.push(...got.map(({ Body }) => Body));
      const Entries = got.map(({ ReceiptHandle }, n) => ({ Id: `${n}`, ReceiptHandle }));
      expect((await this.#call("DeleteMessageBatch", { Entries })).result.Failed).toEqual([]);
    }
    expect(left.sort()).toEqual(this.#messages.map(({ body }) => body).sort());
  }
}

describe("whatever is done to a queue, by two isolates", () => {
  it.each([["standard"], ["first-in.fifo"]])("%s: it answers by the rules", async (name) => {
    const rig = await SqsRig.open();
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
        const attributes = name.endsWith(".fifo") ? { ContentBasedDeduplication: "true" } : {};
        const model = new Model(rig, await rig.queue(`r${++runs}-${name}`, attributes as Record<string, string>));
        for (const one of steps) await model.run(one);
        await model.drain();
      }),
      { numRuns: 60 },
    );
    await rig.dispose();
  });
});
