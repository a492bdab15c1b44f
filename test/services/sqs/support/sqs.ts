import { randomBytes } from "node:crypto";
import type { Caller, RequestFacts } from "../../../../src/auth/access.ts";
import { anonymousCaller, RequestCaller } from "../../../../src/auth/caller.ts";
import { parsePolicy } from "../../../../src/auth/policy/parse.ts";
import type { NamedPolicy } from "../../../../src/auth/policy/request.ts";
import { type Account, firstAccount, type Principal, rootOf, userArn } from "../../../../src/auth/principal.ts";
import { cutUrl } from "../../../../src/edge/raw-url.ts";
import type { Exchange, Service } from "../../../../src/edge/service.ts";
import { DataKeyring } from "../../../../src/keyring/data-keyring.ts";
import { Keyring } from "../../../../src/keyring/keyring.ts";
import { expireMessages } from "../../../../src/maintenance/queues/expire-messages.ts";
import { moveMessages } from "../../../../src/maintenance/queues/move-messages.ts";
import { runJobs } from "../../../../src/maintenance/run/run-jobs.ts";
import { Arrivals } from "../../../../src/queues/arrivals.ts";
import { rootSealer, type Sealer } from "../../../../src/sealing/root-sealer.ts";
import { sqsService } from "../../../../src/services/sqs/service.ts";
import { type BatchFault, withBatchFaults } from "../../../support/faulty-d1.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { buildStore, openTestStore, type TestStore } from "../../../support/store.ts";

const random = (count: number) => new Uint8Array(randomBytes(count));

/** Another account than the first. */
export const otherAccount: Account = { accountId: "222222222222", canonicalId: "2".repeat(64), name: "other" };

export interface Answered {
  status: number;
  /** Without its namespace; null: it is no error. */
  type: string | null;
  queryError: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: a parsed document, whose shape the test knows
  result: any;
}

/** SQS over a store on SQLite with a clock that stands still, without signatures: the edge's part is tested elsewhere. */
export class SqsRig {
  readonly store: TestStore;
  readonly clock: ManualClock;
  service: Service;
  readonly sealer: Sealer;
  /** The KMS cannot be reached when data keys are to be opened. */
  opensNoKeys = false;

  private constructor(store: TestStore, clock: ManualClock, sealer = rootSealer(["a root secret of a test"], random)) {
    this.store = store;
    this.clock = clock;
    this.sealer = sealer;
    this.service = this.isolate();
  }

  static async open(options: { countsRows?: boolean } = {}): Promise<SqsRig> {
    const clock = new ManualClock(Date.UTC(2026, 10, 29, 6));
    return new SqsRig(await openTestStore({ ...options, clock }), clock);
  }

  /** The same over the same database, whose batches fail as `plan` says. */
  stricken(plan: () => BatchFault | null): SqsRig {
    const { clock, store } = this;
    const parts = {
      ...store,
      engine: store.store.engine,
      clock,
      decorateD1: (plain: D1Database) => withBatchFaults(plain, plan),
    };
    return new SqsRig({ ...store, store: buildStore(parts) }, clock, this.sealer);
  }

  /** Another isolate over the same database. */
  isolate(): Service {
    const { clock, sealer } = this;
    const { metadata } = this.store.store;
    const keyring = this.dataKeyring();
    const queueKeysOf = (caller: Caller) => {
      const keys = keyring.forCaller(caller, "sqs");
      if (this.opensNoKeys)
        keys.open = async () => ({ ok: false, failure: { kind: "unavailable", reason: "no answer" } });
      return keys;
    };
    return sqsService({ metadata, sealer, clock, random, queueKeysOf, arrivals: new Arrivals(clock) });
  }

  /** What an isolate knows of the keys of the KMS in the same database. */
  dataKeyring(): DataKeyring {
    const { clock, sealer, store } = this;
    const keyring = new Keyring({ sealers: [sealer], external: new Map(), clock, random, region: "us-east-1" });
    return new DataKeyring(keyring, store.store.metadata.keyring);
  }

  dispose(): Promise<void> {
    return this.store.dispose();
  }

  root(account: Account = firstAccount): Caller {
    return this.caller(rootOf(account), []);
  }

  anonymous(): Caller {
    return anonymousCaller(this.#facts());
  }

  /** A user of an account with a policy of these statements. */
  userWith(statements: readonly object[], account: Account = firstAccount): Caller {
    const { accountId, canonicalId } = account;
    const principal: Principal = {
      ...{ kind: "user", accountId, canonicalId, name: "ann", uniqueId: "AIDAANN" },
      arn: userArn(accountId, "/", "ann"),
    };
    return this.caller(
      principal,
      statements.length === 0 ? [] : [policyOf({ Version: "2012-10-17", Statement: statements })],
    );
  }

  caller(principal: Principal, identityPolicies: NamedPolicy[]): Caller {
    return new RequestCaller({
      identity: { principal, identityPolicies },
      accessKeyId: "AKIATEST",
      facts: this.#facts(),
    });
  }

  #facts(): RequestFacts {
    return { context: () => undefined, now: () => this.clock.now() };
  }

  /** One request in JSON; never rejects. */
  async call(caller: Caller, operation: string, input: object = {}, service = this.service): Promise<Answered> {
    const headers = { "content-type": "application/x-amz-json-1.0", "x-amz-target": `AmazonSQS.${operation}` };
    const body = new TextEncoder().encode(JSON.stringify(input));
    const answered = await this.send(caller, new Request("http://sqs.test/", { method: "POST", headers, body }), {
      body,
      service,
    });
    const document = JSON.parse(answered.text);
    const type = answered.status === 200 ? null : `${document.__type}`.replace("com.amazonaws.sqs#", "");
    return {
      status: answered.status,
      type,
      queryError: answered.headers["x-amzn-query-error"] ?? null,
      result: document,
    };
  }

  /** A request as it stands; never rejects. */
  async send(
    caller: Caller,
    request: Request,
    { body = null, service = this.service }: { body?: Uint8Array | null; service?: Service } = {},
  ): Promise<{ status: number; headers: Record<string, string>; text: string }> {
    const exchange = {
      ...{ request, url: cutUrl(request.url), requestId: "0123456789ABCDEF", hostId: "", receivedMs: this.clock.now() },
      ...{ operation: "unknown", caller, body, facts: this.#facts() },
      signature: { mode: { kind: "unsigned" }, verified: null, region: "us-east-1" },
    } as unknown as Exchange;
    const answer = await service.answer(exchange).catch((thrown: unknown) => {
      const failed = service.fail(thrown, exchange);
      if (failed.answer.status >= 500 && failed.cause !== undefined) throw failed.cause;
      return failed.answer;
    });
    return { status: answer.status, headers: { ...answer.headers }, text: answer.body as string };
  }

  /** As the root; fails unless it succeeds. */
  // biome-ignore lint/suspicious/noExplicitAny: as `Answered`
  async ok(operation: string, input: object = {}, service = this.service): Promise<any> {
    const { status, result } = await this.call(this.root(), operation, input, service);
    if (status !== 200) throw new Error(`${operation}: ${result.__type} ${result.message}`);
    return result;
  }

  /** As the root; fails unless it fails. */
  async error(operation: string, input: object = {}): Promise<string> {
    const { type, result } = await this.call(this.root(), operation, input);
    if (type === null) throw new Error(`${operation} succeeded`);
    return `${type}: ${result.message}`;
  }

  /** A new queue's URL. */
  async queue(name: string, attributes: Record<string, string> = {}): Promise<string> {
    const Attributes = { ...(name.endsWith(".fifo") && { FifoQueue: "true" }), ...attributes };
    return (await this.ok("CreateQueue", { QueueName: name, Attributes })).QueueUrl;
  }

  arn(name: string): string {
    return `arn:aws:sqs:us-east-1:${firstAccount.accountId}:${name}`;
  }

  async jobs(): Promise<void> {
    await runJobs(this.store.store, [expireMessages, moveMessages]);
  }
}

function policyOf(document: object): NamedPolicy {
  const parsed = parsePolicy(JSON.stringify(document), { kind: "identity" });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.failure));
  return { name: "test", policy: parsed.policy };
}
