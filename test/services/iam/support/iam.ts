import { randomBytes } from "node:crypto";
import { XMLParser } from "fast-xml-parser";
import type { Caller, RequestFacts } from "../../../../src/auth/access.ts";
import { RequestCaller } from "../../../../src/auth/caller.ts";
import { findManagedPolicy } from "../../../../src/auth/policy/managed-policies.ts";
import { parsePolicy } from "../../../../src/auth/policy/parse.ts";
import type { NamedPolicy } from "../../../../src/auth/policy/request.ts";
import { firstAccount, type Principal, rootOf, userArn } from "../../../../src/auth/principal.ts";
import { cutUrl } from "../../../../src/edge/raw-url.ts";
import type { Exchange, Service } from "../../../../src/edge/service.ts";
import type { HeldIdentity } from "../../../../src/metadata/identities/principals.ts";
import { rootSealer } from "../../../../src/sealing/root-sealer.ts";
import { iamService } from "../../../../src/services/iam/service.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import type { SqliteD1 } from "../../../support/sqlite-d1.ts";
import { openTestStore, type TestStore } from "../../../support/store.ts";

const random = (count: number) => new Uint8Array(randomBytes(count));

/** Parameters as a client has them: lists and structures are flattened into a form. */
export type Parameters = Readonly<Record<string, unknown>>;

/** What the service answered: `result` for 200, otherwise code and message. */
export interface Answered {
  status: number;
  code: string | null;
  message: string;
  // biome-ignore lint/suspicious/noExplicitAny: a parsed document, whose shape the test knows
  result: any;
  body: string;
}

/** IAM over a store, without signatures: the edge's part is tested elsewhere. */
export class IamRig {
  readonly store: TestStore;
  readonly service: Service;
  readonly clock: ManualClock;
  readonly sealer = rootSealer(["a root secret of a test"], random);

  private constructor(store: TestStore, clock: ManualClock) {
    this.store = store;
    this.clock = clock;
    const { identities } = store.store.metadata;
    this.service = iamService({ identities, sealer: this.sealer, clock, random });
  }

  /** `image` is what `image()` returned of another one without `countsRows`. */
  static async open({ image, ...options }: { countsRows?: boolean; image?: Uint8Array } = {}): Promise<IamRig> {
    const clock = new ManualClock(Date.UTC(2026, 10, 29, 6));
    const rig = new IamRig(await openTestStore({ ...options, clock }), clock);
    if (image !== undefined) rig.#sqlite().deserialize(image);
    return rig;
  }

  /** All that is stored. */
  image(): Uint8Array {
    return this.#sqlite().serialize();
  }

  #sqlite() {
    return (this.store.d1 as unknown as SqliteD1).database;
  }

  dispose(): Promise<void> {
    return this.store.dispose();
  }

  get identities() {
    return this.store.store.metadata.identities;
  }

  /** As the first account's root. */
  root(): Caller {
    return this.caller(rootOf(firstAccount), []);
  }

  /** As a user of the first account who has these policies, whatever is stored. */
  userWith(name: string, ...statements: object[]): Caller {
    const { accountId, canonicalId } = firstAccount;
    const arn = userArn(accountId, "/", name);
    const principal: Principal = { kind: "user", accountId, canonicalId, arn, name, uniqueId: `AIDA${name}` };
    if (statements.length === 0) return this.caller(principal, []);
    return this.caller(principal, [policyOf("test", JSON.stringify({ Version: "2012-10-17", Statement: statements }))]);
  }

  caller(principal: Principal, identityPolicies: NamedPolicy[], boundary?: NamedPolicy): Caller {
    const facts: RequestFacts = { context: () => undefined, now: () => this.clock.now() };
    const identity = { principal, identityPolicies, ...(boundary && { permissionsBoundary: boundary }) };
    return new RequestCaller({ identity, accessKeyId: "AKIATEST", facts });
  }

  /** As the stored user of this name, with all policies that are stored for them. */
  async user(name: string): Promise<Caller> {
    const user = await this.identities.entities.find(firstAccount.accountId, "user", name);
    const held = await this.identities.principals.ofEntity(user?.id ?? "");
    if (held === null) throw new Error(`no user ${name}`);
    return this.callerOf(held);
  }

  callerOf(held: HeldIdentity): Caller {
    const { accountId, canonicalId } = firstAccount;
    const entity = held.entity;
    if (entity === null) return this.root();
    const arn = userArn(accountId, entity.path, entity.name);
    const tags = new Map(entity.tags);
    const named = held.policies.map(({ name, document, by }) => ({ by, ...policyOf(name, document) }));
    const boundary = named.find(({ by }) => by === "boundary");
    const principal = {
      kind: "user",
      accountId,
      canonicalId,
      arn,
      name: entity.name,
      uniqueId: entity.id,
      tags,
    } as const;
    return this.caller(
      principal,
      named.filter(({ by }) => by !== "boundary"),
      boundary,
    );
  }

  /** One request; never rejects. */
  async call(caller: Caller, action: string, parameters: Parameters = {}): Promise<Answered> {
    return callService(this.service, caller, { Action: action, Version: "2010-05-08", ...parameters });
  }

  /** As the root; fails unless it succeeds. */
  // biome-ignore lint/suspicious/noExplicitAny: as `Answered`
  async ok(action: string, parameters: Parameters = {}): Promise<any> {
    const answered = await this.call(this.root(), action, parameters);
    if (answered.status !== 200) throw new Error(`${action}: ${answered.code} ${answered.message}`);
    return answered.result;
  }

  /** All rows of all tables of identities. */
  async contents(): Promise<unknown> {
    const tables = [
      "accounts",
      "access_keys",
      "entities",
      "memberships",
      "inline_policies",
      "policies",
      "policy_versions",
      "attachments",
      "oidc_providers",
    ];
    const { d1 } = this.store;
    const results = await d1.batch(tables.map((table) => d1.prepare(`SELECT * FROM ${table}`).bind()));
    return results.map((result, index) => [tables[index], result.results]);
  }
}

function policyOf(name: string, document: string | null): NamedPolicy {
  const managed = findManagedPolicy(name);
  if (managed !== undefined) return { name, policy: managed.policy };
  const parsed = parsePolicy(document ?? "", { kind: "identity" });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.failure));
  return { name, policy: parsed.policy };
}

/** One authenticated request to a query service. Never rejects. */
export async function callService(
  service: Service,
  caller: Caller,
  parameters: Parameters,
  nowMs = 0,
): Promise<Answered> {
  const body = new TextEncoder().encode(formOf(parameters));
  const request = new Request("http://127.0.0.1:9000/", { method: "POST", body });
  const exchange: Exchange = {
    request,
    pieces: null,
    url: cutUrl(request.url),
    requestId: "0123456789ABCDEF",
    hostId: "host",
    receivedMs: 0,
    operation: "unknown",
    caller,
    facts: { context: () => undefined, now: () => nowMs },
    signature: { mode: { kind: "unsigned" }, verified: null, region: "us-east-1" },
    body,
    authenticateForm: () => Promise.reject(new Error("no form")),
    countFor: () => {},
  };
  const answer = await service.answer(exchange).catch((thrown) => {
    const failed = service.fail(thrown, exchange);
    if (failed.answer.status === 500) throw thrown;
    return failed.answer;
  });
  return parse(answer.status, String(answer.body));
}

const lists = /(Set|List|Users|Groups|Roles|Policies|Tags|Versions|Metadata|Results|Statements|Aliases|Names|member)$/;

function parse(status: number, body: string): Answered {
  const parser = new XMLParser({ parseTagValue: false, isArray: (name) => name === "member" || name === "entry" });
  const root = Object.entries(parser.parse(body)).find(([name]) => name !== "?xml")?.[1] as Record<string, unknown>;
  const error = root.Error as { Code: string; Message: string } | undefined;
  const result = Object.entries(root).find(([name]) => name.endsWith("Result"))?.[1] ?? null;
  return { status, code: error?.Code ?? null, message: error?.Message ?? "", result: unwrap(result), body };
}

/** Lists become arrays, empty ones too if their name is a list's. */
function unwrap(value: unknown, name = ""): unknown {
  if (value === "" && lists.test(name)) return [];
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => unwrap(one));
  const { member } = value as { member?: unknown[] };
  if (member !== undefined) return member.map((one) => unwrap(one));
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, unwrap(one, key)]));
}

/** As SDKs send it. */
function formOf(parameters: Parameters): string {
  const form = new URLSearchParams();
  const add = (name: string, value: unknown): void => {
    if (value === undefined) return;
    if (Array.isArray(value)) for (const [index, one] of value.entries()) add(`${name}.member.${index + 1}`, one);
    else if (typeof value === "object" && value !== null) {
      for (const [key, one] of Object.entries(value)) add(`${name}.${key}`, one);
    } else form.append(name, String(value));
  };
  for (const [name, value] of Object.entries(parameters)) add(name, value);
  return form.toString();
}
