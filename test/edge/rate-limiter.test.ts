import { describe, expect, it } from "vitest";
import type { CallerRates } from "../../src/auth/access.ts";
import { frontShare, parseDefaultRates, RateExceeded, RateLimiter } from "../../src/edge/rate-limiter.ts";
import { ManualClock, settle } from "../support/manual-clock.ts";

const rate = (most: Partial<NonNullable<CallerRates["account"]>>) => ({
  requestsPerSecond: null,
  bytesInPerSecond: null,
  bytesOutPerSecond: null,
  ...most,
});
const caller = (rates: Partial<CallerRates> | null) => ({
  rates: rates && { accountId: "1", account: null, accessKeyId: "K", key: null, ...rates },
});
/** One request begins. */
const admit = (limiter: RateLimiter, { rates }: ReturnType<typeof caller>) => {
  const pace = limiter.begin();
  pace.admit(rates);
  return pace;
};
const admitted = (limiter: RateLimiter, who: ReturnType<typeof caller>, tries: number) => {
  let count = 0;
  for (let index = 0; index < tries; index++) {
    try {
      admit(limiter, who);
      count += 1;
    } catch (error) {
      if (!(error instanceof RateExceeded)) throw error;
    }
  }
  return count;
};

/** A body of so many pieces of 1,000 bytes. */
function body(pieces: number) {
  let left = pieces;
  return {
    sizeBytes: 1000 * pieces,
    next: async () => (left-- > 0 ? new Uint8Array(1000) : null),
    cancel: async () => {},
    release: () => {},
  };
}

describe("requests", () => {
  it("pass as many as are allowed in a second, and are told when to come again", async () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter(clock, {});
    const who = caller({ account: rate({ requestsPerSecond: 5 }) });
    expect(admitted(limiter, who, 9)).toBe(5);
    expect(() => admit(limiter, who)).toThrow(expect.objectContaining({ retryAfterSeconds: 1 }));
    await clock.advance(400);
    expect(admitted(limiter, who, 9)).toBe(2);
    await clock.advance(60_000);
    expect(admitted(limiter, who, 99)).toBe(5);
  });

  it("of one key do not slow another key, nor another account", () => {
    const limiter = new RateLimiter(new ManualClock(), {});
    const key = rate({ requestsPerSecond: 3 });
    expect(admitted(limiter, caller({ key }), 9)).toBe(3);
    expect(admitted(limiter, caller({ key, accessKeyId: "L" }), 9)).toBe(3);
    expect(admitted(limiter, caller({ accountId: "2", accessKeyId: "M" }), 9)).toBe(9);
    expect(admitted(limiter, caller(null), 9)).toBe(9);
  });

  it("must be allowed by account and key; one that the key's limit refuses uses up nothing of the account's", () => {
    const limiter = new RateLimiter(new ManualClock(), {});
    const account = rate({ requestsPerSecond: 4 });
    expect(admitted(limiter, caller({ account, key: rate({ requestsPerSecond: 1 }) }), 9)).toBe(1);
    expect(admitted(limiter, caller({ account, accessKeyId: "L" }), 9)).toBe(3);
  });

  it("of less than one a second and front pass one by one", async () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter(clock, {}, frontShare("4"));
    const who = caller({ account: rate({ requestsPerSecond: 2 }) });
    expect(admitted(limiter, who, 9)).toBe(1);
    expect(() => admit(limiter, who)).toThrow(expect.objectContaining({ retryAfterSeconds: 2 }));
    await clock.advance(2_000);
    expect(admitted(limiter, who, 9)).toBe(1);
  });

  it("have default limits where there are none of their own", () => {
    const limiter = new RateLimiter(new ManualClock(), parseDefaultRates('{"key": {"requestsPerSecond": 2}}'));
    expect(admitted(limiter, caller({}), 9)).toBe(2);
    expect(admitted(limiter, caller({ accessKeyId: "L", key: rate({ requestsPerSecond: 3 }) }), 9)).toBe(3);
  });
});

describe("bytes", () => {
  it.each(["incoming", "outgoing"] as const)("%s, are paced and not broken off", async (way) => {
    const clock = new ManualClock();
    const limiter = new RateLimiter(clock, {});
    const account = rate({ bytesInPerSecond: 2000, bytesOutPerSecond: 2000 });
    const pace = admit(limiter, caller({ account }));
    const paced = way === "incoming" ? pace.incoming(body(10)) : pace.outgoing(body(10));
    let got = 0;
    let ended = false;
    const reading = (async () => {
      for (let piece = await paced?.next(); piece; piece = await paced?.next()) got += piece.length;
      ended = true;
    })();
    await settle();
    // A second's worth at once, and then 2,000 a second.
    expect(got).toBeLessThanOrEqual(3000);
    await clock.advance(2_000);
    expect(got).toBeGreaterThanOrEqual(5000);
    expect(got).toBeLessThanOrEqual(7000);
    await clock.advance(4_000);
    await reading;
    expect([got, ended]).toEqual([10_000, true]);
  });

  it("of others are not slowed", async () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter(clock, {});
    admit(limiter, caller({ key: rate({ bytesOutPerSecond: 1000 }) })).spendOutgoing(100_000);
    const free = admit(limiter, caller({ accessKeyId: "L", key: rate({ bytesOutPerSecond: 1_000_000 }) }));
    const paced = free.outgoing(body(3));
    for (let pieces = 0; pieces < 3; pieces++) expect((await paced?.next())?.length).toBe(1000);
    // Whoever is far behind is refused until it is not.
    expect(() => admit(limiter, caller({ key: rate({ bytesOutPerSecond: 1000 }) }))).toThrow(
      expect.objectContaining({ retryAfterSeconds: 99 }),
    );
  });
});

describe("a request of which nobody knows at first for whom it counts", () => {
  const rates = (bytesInPerSecond: number) => caller({ account: rate({ bytesInPerSecond }) }).rates;

  it("owes what came in until it is known, and counts once", async () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter(clock, {});
    const pace = limiter.begin();
    const pieces = pace.incoming(body(10), { isOpen: true });
    for (let count = 0; count < 9; count++) expect((await pieces?.next())?.length).toBe(1000);
    pace.admit(rates(1000));
    pace.admit(rates(1));
    let isThere = false;
    const last = pieces?.next().then(() => {
      isThere = true;
    });
    await clock.advance(7_000);
    expect(isThere).toBe(false);
    await clock.advance(1_000);
    await last;
    expect(isThere).toBe(true);
  });

  it("is not slowed if it counts for nobody", async () => {
    const pace = new RateLimiter(new ManualClock(), parseDefaultRates('{"account": {"bytesInPerSecond": 1}}')).begin();
    const pieces = pace.incoming(body(3), { isOpen: true });
    pace.admit(null);
    for (let count = 0; count < 3; count++) expect((await pieces?.next())?.length).toBe(1000);
  });
});

describe("SHERD_RATE_LIMITS", () => {
  it.each([
    "{",
    "[]",
    "1",
    '{"user": {}}',
    '{"key": 1}',
    '{"key": {"requests": 1}}',
    '{"key": {"requestsPerSecond": 0}}',
  ])("%s is refused", (text) => {
    expect(() => parseDefaultRates(text)).toThrow("SHERD_RATE_LIMITS");
  });
});
