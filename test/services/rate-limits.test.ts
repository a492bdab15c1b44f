import { afterAll, beforeAll, expect, test } from "vitest";
import { Authenticator } from "../../src/auth/authenticator.ts";
import { CLIENT_PATIENCE } from "../../src/edge/client-patience.ts";
import { parseDefaultRates, RateLimiter } from "../../src/edge/rate-limiter.ts";
import { RequestMetrics } from "../../src/edge/request-metrics.ts";
import { serve } from "../../src/edge/serve.ts";
import type { Service } from "../../src/edge/service.ts";
import { Arrivals } from "../../src/queues/arrivals.ts";
import type { AthenaParts } from "../../src/services/athena/operation.ts";
import { athenaService } from "../../src/services/athena/service.ts";
import { iamService } from "../../src/services/iam/service.ts";
import { type KmsParts, kmsService } from "../../src/services/kms/service.ts";
import { snsService } from "../../src/services/sns/service.ts";
import { sqsService } from "../../src/services/sqs/service.ts";
import { stsService } from "../../src/services/sts/service.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { allowing, People } from "../support/people.ts";
import { signRequest } from "../support/signer.ts";
import { openTestStore, type TestStore } from "../support/store.ts";

let rig: TestStore;
let people: People;
let services: ReadonlyMap<string, Service>;

beforeAll(async () => {
  rig = await openTestStore({ clock: new ManualClock() });
  people = new People(rig.store);
  const { metadata, clock, random } = rig.store;
  const { sealer, sessions } = people.keys;
  const parts = { ...{ metadata, identities: metadata.identities, clock, random, sealer, sessions }, fetch };
  const all = [
    iamService(parts),
    stsService(parts),
    sqsService({ ...parts, arrivals: new Arrivals(clock) }),
    snsService({ ...parts, webhooks: { problem: () => null } }),
    // No operation of theirs is reached here.
    kmsService({} as KmsParts),
    athenaService({} as AthenaParts),
  ];
  services = new Map(all.map((service) => [service.name, service]));
});
afterAll(() => rig.dispose());

const form = (version: string) => ({
  headers: { "content-type": "application/x-www-form-urlencoded" },
  body: `Action=Nothing&Version=${version}`,
});
const json = (version: string, prefix: string) => ({
  headers: { "content-type": `application/x-amz-json-${version}`, "x-amz-target": `${prefix}.Nothing` },
  body: '{"Nothing": "of all that"}',
});
const inXml = (code: string) => expect.stringContaining(`<Code>${code}</Code>`);
const inJson = (type: string) => expect.stringMatching(new RegExp(`"__type":\\s*"(com\\.amazonaws\\.sqs#)?${type}"`));

test.each([
  ["iam", form("2010-05-08"), inXml("Throttling")],
  ["sts", form("2011-06-15"), inXml("Throttling")],
  ["sns", form("2010-03-31"), inXml("Throttling")],
  ["sqs", form("2012-11-05"), inXml("RequestThrottled")],
  ["sqs", json("1.0", "AmazonSQS"), inJson("RequestThrottled")],
  ["kms", json("1.1", "TrentService"), inJson("ThrottlingException")],
  ["athena", json("1.1", "AmazonAthena"), inJson("ThrottlingException")],
])("%s refuses a key that is over its limit, in its own words", async (name, { headers, body }, refusal) => {
  const rates = (text: string) => new RateLimiter(rig.store.clock, parseDefaultRates(text));
  const { accessKeyId, secret } = await people.user(allowing("*"));
  const edge = {
    services: [services.get(name) as Service] as const,
    authenticator: new Authenticator(people.keys.ring),
    patience: CLIENT_PATIENCE,
    clientAddress: { from: "connection" } as const,
    ...{ clock: rig.store.clock, random: rig.store.random, log: { info: () => {}, error: () => {} } },
    ...{ logRequests: null, metrics: new RequestMetrics() },
  };
  const send = async (limiter: RateLimiter) => {
    const url = "http://sherd.test/";
    const nowMs = rig.store.clock.now();
    const signed = signRequest({ method: "POST", url, headers, body, accessKeyId, secret, service: name, nowMs });
    const answer = await serve(
      new Request(url, { method: "POST", headers: signed.headers, body }),
      { ...edge, limiter },
      { waitUntil: () => {} },
    );
    return { status: answer.status, text: await answer.text() };
  };
  const requests = rates('{"key": {"requestsPerSecond": 2}}');
  // There is no such operation.
  for (let index = 0; index < 2; index++) expect((await send(requests)).text).not.toEqual(refusal);
  rig.takeCost();
  expect(await send(requests)).toEqual({ status: 400, text: refusal });
  expect(rig.takeCost().roundTrips).toBe(0);
  // A body that came whole is a debt of the requests after it.
  const bytes = rates('{"account": {"bytesInPerSecond": 1}}');
  expect((await send(bytes)).text).not.toEqual(refusal);
  expect((await send(bytes)).text).toEqual(refusal);
});
