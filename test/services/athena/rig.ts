import { randomBytes } from "node:crypto";
import type { Caller, RequestFacts } from "../../../src/auth/access.ts";
import { RequestCaller } from "../../../src/auth/caller.ts";
import { parsePolicy } from "../../../src/auth/policy/parse.ts";
import { firstAccount, type Principal, rootOf } from "../../../src/auth/principal.ts";
import { cutUrl } from "../../../src/edge/raw-url.ts";
import type { Exchange, Service } from "../../../src/edge/service.ts";
import { openQueries } from "../../../src/query/open-queries.ts";
import { rootSealer } from "../../../src/sealing/root-sealer.ts";
import { athenaService } from "../../../src/services/athena/service.ts";
import { visibleBucket } from "../../../src/services/s3/gate/visible-rows.ts";
import { CallersObjects } from "../../../src/services/s3/objects/object-access.ts";
import { createBucket } from "../../../src/store/buckets/buckets.ts";
import { putObject } from "../../../src/store/write/write.ts";
import { deafEvents } from "../../support/events.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { bodyOf, openTestStore, type TestStore } from "../../support/store.ts";

const random = (count: number) => new Uint8Array(randomBytes(count));

/** Athena over a store, without signatures. */
export class AthenaRig {
  readonly test: TestStore;
  readonly clock: ManualClock;
  readonly service: Service;
  /** Of the connections of those who call. Null: none is known. */
  tlsVersion: string | null = null;

  private constructor(test: TestStore, clock: ManualClock, variables: Readonly<Record<string, string>>) {
    this.test = test;
    this.clock = clock;
    const { store } = test;
    const log = { info: () => {}, error: () => {} };
    const objects = new CallersObjects({ store, baseDomains: [], log, events: deafEvents(store) });
    const queries = openQueries(variables, [store], rootSealer(["a root secret of a test"], random));
    const parts = {
      queries,
      metadata: store.metadata,
      objects,
      seeBucket: visibleBucket,
      clock,
      random,
      region: "us-east-1",
    };
    this.service = athenaService(parts);
  }

  static async open(variables: Readonly<Record<string, string>> = {}): Promise<AthenaRig> {
    const clock = new ManualClock(Date.UTC(2026, 10, 29, 6));
    return new AthenaRig(await openTestStore({ clock }), clock, variables);
  }

  async bucket(name: string, keys: readonly string[] = []): Promise<void> {
    const { store } = this.test;
    await createBucket(store, { name, owner: firstAccount.canonicalId, region: "us-east-1" });
    for (const key of keys) {
      const attributes = { system: { contentType: "text/plain" }, user: { by: "me", at: "home" } };
      await putObject(store, {
        bucket: name,
        key,
        attributes,
        storageClass: "STANDARD",
        body: bodyOf(new Uint8Array(key.length)),
      });
    }
  }

  caller(statements: readonly object[] | null = null, name = "ann"): Caller {
    const facts: RequestFacts = { context: () => undefined, now: () => this.clock.now() };
    const { accountId, canonicalId } = firstAccount;
    const arn = `arn:aws:iam::${accountId}:user/${name}`;
    const user: Principal = { kind: "user", arn, accountId, canonicalId, name, uniqueId: `AIDA${name.toUpperCase()}` };
    const document = JSON.stringify({ Version: "2012-10-17", Statement: statements });
    const parsed = statements === null ? null : parsePolicy(document, { kind: "identity" });
    if (parsed?.ok === false) throw new Error(JSON.stringify(parsed.failure));
    const identityPolicies = parsed === null ? [] : [{ name: "test", policy: parsed.policy }];
    return new RequestCaller({
      identity: { principal: parsed ? user : rootOf(firstAccount), identityPolicies },
      accessKeyId: "A",
      facts,
    });
  }

  // biome-ignore lint/suspicious/noExplicitAny: a parsed document, whose shape the test knows
  async call(operation: string, input: object = {}, caller = this.caller()): Promise<any> {
    const url = "http://athena.test/";
    const exchange: Exchange = {
      request: new Request(url, { method: "POST", headers: { "x-amz-target": `AmazonAthena.${operation}` } }),
      url: cutUrl(url),
      ...{
        requestId: "0123456789ABCDEF",
        hostId: "host",
        receivedMs: this.clock.now(),
        operation: "unknown",
        caller,
        pieces: null,
      },
      body: new TextEncoder().encode(JSON.stringify(input)),
      facts: {
        context: () => undefined,
        now: () => this.clock.now(),
        ...(this.tlsVersion !== null && { tlsVersion: this.tlsVersion }),
      },
      signature: { mode: { kind: "unsigned" }, verified: null, region: "us-east-1" },
      authenticateForm: () => Promise.reject(new Error("no form")),
      countFor: () => {},
    };
    const answer = await this.service.answer(exchange).catch((thrown) => {
      const failed = this.service.fail(thrown, exchange);
      if (failed.code === "InternalFailure") throw thrown;
      return failed.answer;
    });
    return { status: answer.status, ...JSON.parse(String(answer.body)) };
  }

  /** Starts a query and returns how it ended. */
  async run(QueryString: string, more: object = {}, caller = this.caller()) {
    const ResultConfiguration = { OutputLocation: "s3://results/here/" };
    const { QueryExecutionId } = await this.call(
      "StartQueryExecution",
      { QueryString, ResultConfiguration, ...more },
      caller,
    );
    const { QueryExecution } = await this.call("GetQueryExecution", { QueryExecutionId });
    return {
      id: QueryExecutionId as string,
      state: QueryExecution.Status.State,
      reason: QueryExecution.Status.StateChangeReason,
      execution: QueryExecution,
    };
  }

  async rows(query: string, more: object = {}): Promise<(string | undefined)[][]> {
    const { id, reason } = await this.run(query, more);
    const results = await this.call("GetQueryResults", { QueryExecutionId: id });
    if (results.status !== 200) throw new Error(reason);
    return results.ResultSet.Rows.map(({ Data }: { Data: { VarCharValue?: string }[] }) =>
      Data.map(({ VarCharValue }) => VarCharValue),
    );
  }
}
