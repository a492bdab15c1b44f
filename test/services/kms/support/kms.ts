import { randomBytes } from "node:crypto";
import type { Caller, RequestFacts } from "../../../../src/auth/access.ts";
import { RequestCaller } from "../../../../src/auth/caller.ts";
import { parsePolicy } from "../../../../src/auth/policy/parse.ts";
import { anonymous, firstAccount, type Principal, rootOf } from "../../../../src/auth/principal.ts";
import { cutUrl } from "../../../../src/edge/raw-url.ts";
import type { Exchange, Service } from "../../../../src/edge/service.ts";
import type { KmsStore } from "../../../../src/keyring/external/external-kms.ts";
import { Keyring } from "../../../../src/keyring/keyring.ts";
import { rootSealer } from "../../../../src/sealing/root-sealer.ts";
import { kmsService } from "../../../../src/services/kms/service.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { otherAccount } from "../../../support/s3-as.ts";
import { openTestStore, type TestStore } from "../../../support/store.ts";

const random = (count: number) => new Uint8Array(randomBytes(count));

/** What the service answered: `result` for 200, otherwise code and message. */
export interface Answered {
  status: number;
  code: string;
  message: string;
  // biome-ignore lint/suspicious/noExplicitAny: a parsed document, whose shape the test knows
  result: any;
}

/** KMS over a store, without signatures: the edge's part is tested elsewhere. */
export class KmsRig {
  readonly test: TestStore;
  readonly clock: ManualClock;
  readonly external = new Map<string, KmsStore>();
  readonly keyring: Keyring;
  readonly service: Service;

  private constructor(test: TestStore, clock: ManualClock, rootSecrets: readonly string[]) {
    this.test = test;
    this.clock = clock;
    const sealers = [rootSealer(rootSecrets, random)] as const;
    this.keyring = new Keyring({ sealers, external: this.external, clock, random, region: "us-east-1" });
    this.service = kmsService({ metadata: test.store.metadata, keyring: this.keyring });
  }

  /** `beside`: another isolate over the same database, which may have other root secrets. */
  static async open(
    options: { beside?: Pick<KmsRig, "test" | "clock">; rootSecrets?: readonly string[] } = {},
  ): Promise<KmsRig> {
    const { beside, rootSecrets = ["a root secret of a test"] } = options;
    if (beside) return new KmsRig(beside.test, beside.clock, rootSecrets);
    const clock = new ManualClock(Date.UTC(2026, 10, 29, 6));
    const test = await openTestStore({ clock });
    const sql = `INSERT INTO accounts (id, canonical_id, name, state, created_ms) VALUES (?1, ?2, 'other', 'active', 1)`;
    await test.d1.batch([test.d1.prepare(sql).bind(otherAccount.accountId, otherAccount.canonicalId)]);
    return new KmsRig(test, clock, rootSecrets);
  }

  dispose(): Promise<void> {
    return this.test.dispose();
  }

  root(account = firstAccount): Caller {
    return this.caller(rootOf(account));
  }

  nobody(): Caller {
    return this.caller(anonymous);
  }

  /** A user who has a policy of these statements, whatever is stored. */
  user(name: string, statements: readonly object[] = [], { accountId, canonicalId } = firstAccount): Caller {
    const arn = `arn:aws:iam::${accountId}:user/${name}`;
    const principal = { kind: "user", arn, accountId, canonicalId, name, uniqueId: `AIDA${name}` } as const;
    return this.caller(principal, statements);
  }

  caller(principal: Principal, statements: readonly object[] = []): Caller {
    const facts: RequestFacts = { context: () => undefined, now: () => this.clock.now() };
    const document = JSON.stringify({ Version: "2012-10-17", Statement: statements });
    const parsed = statements.length === 0 ? null : parsePolicy(document, { kind: "identity" });
    if (parsed?.ok === false) throw new Error(JSON.stringify(parsed.failure));
    const identityPolicies = parsed === null ? [] : [{ name: "test", policy: parsed.policy }];
    return new RequestCaller({ identity: { principal, identityPolicies }, accessKeyId: "AKIATEST", facts });
  }

  /** One request; never rejects. */
  async call(caller: Caller, operation: string, input: object = {}): Promise<Answered> {
    const url = "http://kms.test/";
    const body = new TextEncoder().encode(JSON.stringify(input));
    const exchange: Exchange = {
      request: new Request(url, { method: "POST", headers: { "x-amz-target": `TrentService.${operation}` } }),
      url: cutUrl(url),
      ...{
        requestId: "0123456789ABCDEF",
        hostId: "host",
        receivedMs: 0,
        operation: "unknown",
        caller,
        body,
        pieces: null,
      },
      facts: { context: () => undefined, now: () => this.clock.now() },
      signature: { mode: { kind: "unsigned" }, verified: null, region: "us-east-1" },
      authenticateForm: () => Promise.reject(new Error("no form")),
      countFor: () => {},
    };
    const answer = await this.service.answer(exchange).catch((thrown) => {
      const failed = this.service.fail(thrown, exchange);
      if (failed.code === "InternalFailure") throw thrown;
      return failed.answer;
    });
    const result = JSON.parse(String(answer.body));
    return { status: answer.status, code: result.__type ?? "", message: result.message ?? "", result };
  }

  async code(caller: Caller, operation: string, input: object = {}): Promise<string> {
    return (await this.call(caller, operation, input)).code;
  }

  /** As the first account's root, or as `caller`; fails unless it succeeds. */
  // biome-ignore lint/suspicious/noExplicitAny: as `Answered`
  async ok(operation: string, input: object = {}, caller = this.root()): Promise<any> {
    const { status, code, message, result } = await this.call(caller, operation, input);
    if (status !== 200) throw new Error(`${operation}: ${code} ${message}`);
    return result;
  }

  /** A new key's id. */
  async key(input: object = {}): Promise<string> {
    return (await this.ok("CreateKey", input)).KeyMetadata.KeyId;
  }

  /** All rows of all tables of keys. */
  async contents(): Promise<unknown> {
    const { d1 } = this.test;
    const tables = ["kms_keys", "kms_materials", "kms_aliases", "kms_grants"];
    const results = await d1.batch(tables.map((table) => d1.prepare(`SELECT * FROM ${table}`).bind()));
    return results.map((result, index) => [tables[index], result.results]);
  }
}

export const base64 = (text: string) => Buffer.from(text).toString("base64");
export const allow = (Action: string | string[], Resource: string | string[] = "*", more = {}) => ({
  Effect: "Allow",
  Action,
  Resource,
  ...more,
});
