import { randomBytes } from "node:crypto";
import type { Caller } from "../../../../src/auth/access.ts";
import { firstAccount } from "../../../../src/auth/principal.ts";
import { cutUrl } from "../../../../src/edge/raw-url.ts";
import type { Exchange, Service } from "../../../../src/edge/service.ts";
import { runJobs } from "../../../../src/maintenance/run/run-jobs.ts";
import { sweepTopics } from "../../../../src/maintenance/topics/sweep-topics.ts";
import { readXml, type XmlElement } from "../../../../src/protocols/rest-xml/read.ts";
import { Arrivals } from "../../../../src/queues/arrivals.ts";
import { snsService } from "../../../../src/services/sns/service.ts";
import { DeliveryPool } from "../../../../src/topics/delivery-pool.ts";
import { fanOut } from "../../../../src/topics/fan-out.ts";
import { openTopics } from "../../../../src/topics/open-topics.ts";
import type { DeliveryContext } from "../../../../src/topics/topic-context.ts";
import type { BatchFault } from "../../../support/faulty-d1.ts";
import { SqsRig } from "../../sqs/support/sqs.ts";

const random = (count: number) => new Uint8Array(randomBytes(count));

/** What an endpoint got. */
export interface Call {
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** SNS and SQS over one store on SQLite with a clock that stands still, without signatures. */
export class SnsRig {
  readonly sqs: SqsRig;
  readonly topics: DeliveryContext;
  readonly service: Service;
  readonly pool: DeliveryPool;
  /** What endpoints got, in order. */
  readonly calls: Call[] = [];
  /** How endpoints answer. */
  answer: (call: Call) => Response | Promise<Response> = () => new Response(null, { status: 200 });
  readonly told: string[] = [];
  /** Keys whose KMS cannot be reached. */
  readonly unreachableKeys = new Set<string>();
  readonly #env: Record<string, string>;

  private constructor(sqs: SqsRig, env: Record<string, string>) {
    this.sqs = sqs;
    this.#env = env;
    const { clock, sealer } = sqs;
    const { metadata } = sqs.store.store;
    const fetched: typeof fetch = async (url, init) => {
      const call = { url: `${url}`, headers: { ...(init?.headers as object) }, body: `${init?.body}` };
      this.calls.push(call);
      return this.answer(call);
    };
    this.topics = openTopics(env, {
      metadata,
      sealer,
      clock,
      random,
      arrivals: new Arrivals(clock),
      keysOfService: (use) => {
        const keys = sqs.dataKeyring().forService(use);
        const generate: typeof keys.generate = async (asked) =>
          this.unreachableKeys.has(asked.keyId ?? "")
            ? { ok: false, failure: { kind: "unavailable", reason: "no answer" } }
            : keys.generate(asked);
        return { generate, guard: keys.guard };
      },
      tell: (line) => this.told.push(line),
      fetch: fetched,
    });
    this.service = snsService({ metadata, sealer, clock, random, webhooks: this.topics.webhooks });
    this.pool = new DeliveryPool(this.topics);
  }

  /** `env`: variables of topics. */
  static async open(env: Record<string, string> = {}): Promise<SnsRig> {
    return new SnsRig(await SqsRig.open(), env);
  }

  /** The same over the same database, whose batches fail as `plan` says. Its endpoints are those of this one. */
  stricken(plan: () => BatchFault | null): SnsRig {
    const rig = new SnsRig(this.sqs.stricken(plan), this.#env);
    rig.answer = (call) => {
      this.calls.push(call);
      return this.answer(call);
    };
    return rig;
  }

  dispose(): Promise<void> {
    return this.sqs.dispose();
  }

  root(): Caller {
    return this.sqs.root();
  }

  /** One request; never rejects. `parameters` as the query protocol has them. */
  async call(
    caller: Caller,
    operation: string,
    parameters: Record<string, string> = {},
  ): Promise<{ status: number; code: string; message: string; result: XmlElement }> {
    const form = new URLSearchParams({ Action: operation, Version: "2010-03-31", ...parameters });
    const body = new TextEncoder().encode(form.toString());
    const request = new Request("http://sns.test/", { method: "POST", body });
    const exchange = {
      ...{ request, url: cutUrl(request.url), requestId: "0123456789ABCDEF", hostId: "", receivedMs: 0 },
      ...{ operation: "unknown", caller, body },
      signature: { mode: { kind: "unsigned" }, verified: null, region: "us-east-1" },
    } as unknown as Exchange;
    const answer = await this.service.answer(exchange).catch((thrown: unknown) => {
      const failed = this.service.fail(thrown, exchange);
      if (failed.answer.status === 500) throw failed.cause;
      return failed.answer;
    });
    const document = parse(answer.body as string);
    const error = find(document, "Error");
    return {
      status: answer.status,
      code: error ? textOf(error, "Code") : "",
      message: error ? textOf(error, "Message") : "",
      result: find(document, `${operation}Result`) ?? document,
    };
  }

  /** As the root; fails unless it succeeds. */
  async ok(operation: string, parameters: Record<string, string> = {}): Promise<XmlElement> {
    const { status, code, message, result } = await this.call(this.root(), operation, parameters);
    if (status !== 200) throw new Error(`${operation}: ${code} ${message}`);
    return result;
  }

  /** As the root; fails unless it fails. */
  async error(operation: string, parameters: Record<string, string> = {}): Promise<string> {
    const { status, code, message } = await this.call(this.root(), operation, parameters);
    if (status === 200) throw new Error(`${operation} succeeded`);
    return `${code}: ${message}`;
  }

  /** A new topic's ARN. */
  async topic(name: string, attributes: Record<string, string> = {}): Promise<string> {
    const all = { ...(name.endsWith(".fifo") && { FifoTopic: "true" }), ...attributes };
    return textOf(await this.ok("CreateTopic", { Name: name, ...entries("Attributes", all) }), "TopicArn");
  }

  /** A new queue that lets topics send. Its URL and ARN. */
  async queue(name: string): Promise<{ url: string; arn: string }> {
    const arn = this.sqs.arn(name);
    const statement = {
      Effect: "Allow",
      Principal: { Service: "sns.amazonaws.com" },
      Action: "sqs:SendMessage",
      Resource: arn,
    };
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
    return { url: await this.sqs.queue(name, { Policy }), arn };
  }

  /** The subscription's ARN. */
  async subscribe(topic: string, endpoint: string, attributes: Record<string, string> = {}): Promise<string> {
    const Protocol = endpoint.startsWith("arn:") ? "sqs" : new URL(endpoint).protocol.slice(0, -1);
    const parameters = { TopicArn: topic, Protocol, Endpoint: endpoint, ReturnSubscriptionArn: "true" };
    return textOf(
      await this.ok("Subscribe", { ...parameters, ...entries("Attributes", attributes) }),
      "SubscriptionArn",
    );
  }

  /** Subscribes a webhook and confirms it with the token that it gets. */
  async subscribeWebhook(topic: string, url: string, attributes: Record<string, string> = {}): Promise<string> {
    const arn = await this.subscribe(topic, url, attributes);
    await this.deliver();
    const { Token } = JSON.parse(this.calls.at(-1)?.body ?? "");
    await this.ok("ConfirmSubscription", { TopicArn: topic, Token });
    this.calls.length = 0;
    return arn;
  }

  async publish(topic: string, message: string, more: Record<string, string> = {}): Promise<string> {
    return textOf(await this.ok("Publish", { TopicArn: topic, Message: message, ...more }), "MessageId");
  }

  /** Everything that is due. */
  async deliver(): Promise<void> {
    await fanOut(this.topics, () => false);
    await this.pool.run(() => false);
  }

  /** The bodies of what is in a queue; it is empty afterwards. */
  // biome-ignore lint/suspicious/noExplicitAny: parsed documents, whose shape the test knows
  async received(url: string): Promise<any[]> {
    const messages: { Body: string; ReceiptHandle: string }[] = [];
    for (;;) {
      const parameters = {
        QueueUrl: url,
        MaxNumberOfMessages: 10,
        MessageAttributeNames: ["All"],
        AttributeNames: ["All"],
      };
      const { Messages = [] } = await this.sqs.ok("ReceiveMessage", parameters);
      for (const { ReceiptHandle } of Messages) await this.sqs.ok("DeleteMessage", { QueueUrl: url, ReceiptHandle });
      messages.push(...Messages);
      if (Messages.length === 0) return messages;
    }
  }

  /** The texts that topics sent to a queue. */
  async texts(url: string): Promise<string[]> {
    return (await this.received(url)).map(({ Body }) => JSON.parse(Body).Message);
  }

  async jobs(): Promise<void> {
    await runJobs(this.sqs.store.store, [sweepTopics]);
  }

  async rows(table: string): Promise<number> {
    const { d1 } = this.sqs.store;
    const [found] = await d1.batch<{ n: number }>([d1.prepare(`SELECT count(*) AS n FROM ${table}`)]);
    return found?.results[0]?.n ?? 0;
  }
}

function parse(text: string): XmlElement {
  return readXml(new TextEncoder().encode(text), /<(\w+) xmlns/.exec(text)?.[1] ?? "");
}

export const ACCOUNT = firstAccount.accountId;

/** A map as the query protocol has it. */
export function entries(name: string, values: Record<string, string>): Record<string, string> {
  const pairs = Object.entries(values).flatMap(([key, value], index) => [
    [`${name}.entry.${index + 1}.key`, key],
    [`${name}.entry.${index + 1}.value`, value],
  ]);
  return Object.fromEntries(pairs);
}

/** Message attributes as the query protocol has them: type and value by their names. */
export function attributes(values: Record<string, readonly [type: string, value: string]>): Record<string, string> {
  const pairs = Object.entries(values).flatMap(([name, [type, value]], index) => {
    const path = `MessageAttributes.entry.${index + 1}`;
    return [
      [`${path}.Name`, name],
      [`${path}.Value.DataType`, type],
      [`${path}.Value.${type.startsWith("Binary") ? "BinaryValue" : "StringValue"}`, value],
    ];
  });
  return Object.fromEntries(pairs);
}

function find(element: XmlElement, name: string): XmlElement | undefined {
  if (element.name === name) return element;
  for (const child of element.children) {
    const found = find(child, name);
    if (found) return found;
  }
  return undefined;
}

/** The text of the first element of that name. */
export function textOf(element: XmlElement, name: string): string {
  return find(element, name)?.text ?? "";
}

/** The texts of all elements of that name. */
export function textsOf(element: XmlElement, name: string): string[] {
  return [...(element.name === name ? [element.text] : []), ...element.children.flatMap((one) => textsOf(one, name))];
}

/** A map of an answer. */
export function mapOf(element: XmlElement): Record<string, string> {
  const keys = textsOf(element, "key");
  const values = textsOf(element, "value");
  return Object.fromEntries(keys.map((key, index) => [key, values[index] ?? ""]));
}
