import type { CallerRates } from "../auth/access.ts";
import type { BodyPieces } from "../base/body-pieces.ts";
import type { Clock } from "../base/clock.ts";
import type { OutgoingBody, UnsizedBody } from "../base/outgoing-body.ts";

/** How much in a second. Null: there is no limit. */
export interface Rate {
  readonly requestsPerSecond: number | null;
  readonly bytesInPerSecond: number | null;
  readonly bytesOutPerSecond: number | null;
}

/** The limits of those that have none of their own. Absent: none. */
export interface DefaultRates {
  readonly account?: Rate;
  readonly key?: Rate;
}

/** The caller has used up what its limits allow; nothing was done. */
export class RateExceeded extends Error {
  /** Whole, 1 or more. */
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number) {
    super("a rate limit is exceeded");
    this.name = "RateExceeded";
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Buckets that an isolate remembers. One that is forgotten begins full. */
const SUBJECTS_MAX = 10_000;
/** A bucket holds what flows into it in this time: a burst of that size passes at once. */
const BURST_SECONDS = 1;
/** Bytes are paced by waiting. If they would have to wait longer than this, new requests are refused. */
const WAIT_SECONDS_MAX = 5;

type Measure = keyof Rate;

/** A token bucket (as in RFC 2697). Its level may go below zero: the debt is waited for. */
class TokenBucket {
  #tokens: number;
  #atMs: number;
  #perSecond: number;

  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#tokens = this.#most;
    this.#atMs = nowMs;
  }

  get #most(): number {
    return Math.max(1, this.#perSecond * BURST_SECONDS);
  }

  /** Seconds until `count` tokens are there; 0: they are. A clock that goes back fills nothing. */
  wait(count: number, perSecond: number, nowMs: number): number {
    this.#perSecond = perSecond;
    this.#tokens = Math.min(this.#most, this.#tokens + (Math.max(0, nowMs - this.#atMs) / 1000) * perSecond);
    this.#atMs = nowMs;
    return Math.max(0, (count - this.#tokens) / perSecond);
  }

  spend(count: number): void {
    this.#tokens -= count;
  }
}

/**
 * Holds callers to the limits of their account and of their access key, as far as one isolate can: each has buckets of its own. `share`:
 * the part of every limit that this isolate grants, if it knows how many others there are.
 */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #defaults: DefaultRates;
  readonly #share: number;
  /** A Map keeps the order in which they were last used. */
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(clock: Clock, defaults: DefaultRates, share = 1) {
    this.#clock = clock;
    this.#defaults = defaults;
    this.#share = share;
  }

  /** The pace of a request of which nobody knows yet whose limits hold for it. */
  begin(): Pace {
    return new Pace(this.#clock, (rates) => this.#admit(rates));
  }

  #admit(rates: CallerRates): PaceLimits {
    const subjects = [
      { id: `account ${rates.accountId}`, rate: rates.account ?? this.#defaults.account ?? null },
      ...(rates.accessKeyId === null
        ? []
        : [{ id: `key ${rates.accessKeyId}`, rate: rates.key ?? this.#defaults.key ?? null }]),
    ].flatMap(({ id, rate }) => (rate === null ? [] : [{ id, rate }]));
    const requests = this.#limits(subjects, "requestsPerSecond");
    const [into, out] = [this.#limits(subjects, "bytesInPerSecond"), this.#limits(subjects, "bytesOutPerSecond")];
    const debt = Math.max(longest(into, 0), longest(out, 0));
    const wait = Math.max(longest(requests, 1), debt > WAIT_SECONDS_MAX ? debt : 0);
    if (wait > 0) throw new RateExceeded(Math.max(1, Math.ceil(wait)));
    for (const { spend } of requests) spend(1);
    return { into, out };
  }

  #limits(subjects: readonly { id: string; rate: Rate }[], measure: Measure): Limit[] {
    return subjects.flatMap(({ id, rate }) => {
      const whole = rate[measure];
      if (whole === null) return [];
      const perSecond = whole * this.#share;
      const bucket = this.#bucket(`${measure} ${id}`, perSecond);
      return [
        {
          wait: (count: number) => bucket.wait(count, perSecond, this.#clock.now()),
          spend: (count: number) => bucket.spend(count),
        },
      ];
    });
  }

  #bucket(id: string, perSecond: number): TokenBucket {
    const bucket = this.#buckets.get(id) ?? new TokenBucket(perSecond, this.#clock.now());
    this.#buckets.delete(id);
    this.#buckets.set(id, bucket);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > SUBJECTS_MAX && oldest !== undefined) this.#buckets.delete(oldest);
    return bucket;
  }
}

interface Limit {
  wait(count: number): number;
  spend(count: number): void;
}

function longest(limits: readonly Limit[], count: number): number {
  return Math.max(0, ...limits.map((limit) => limit.wait(count)));
}

interface PaceLimits {
  readonly into: readonly Limit[];
  readonly out: readonly Limit[];
}

/**
 * Counts one request, and slows its bodies down to the limits that hold for it. What passes is counted, and what comes next waits for it.
 * Until `admit` nothing is slowed.
 */
export class Pace {
  readonly #clock: Clock;
  readonly #find: (rates: CallerRates) => PaceLimits;
  #limits: PaceLimits | null = null;
  /** Bytes that came in before anybody knew whose limits hold. */
  #earlierBytes = 0;

  constructor(clock: Clock, find: (rates: CallerRates) => PaceLimits) {
    this.#clock = clock;
    this.#find = find;
  }

  /** Counts the request, once: the first whose limits hold for it are asked. Null: none do. Throws `RateExceeded`. */
  admit(rates: CallerRates | null): void {
    if (rates === null || this.#limits !== null) return;
    this.#limits = this.#find(rates);
    this.spendIncoming(this.#earlierBytes);
  }

  /** `isOpen`: whose limits hold is found while the body comes. */
  incoming(pieces: BodyPieces | null, { isOpen = false } = {}): BodyPieces | null {
    if (pieces === null || (this.#limits === null ? !isOpen : this.#limits.into.length === 0)) return pieces;
    return {
      next: async () => {
        await this.#waitFor(this.#limits?.into ?? []);
        const piece = await pieces.next();
        this.spendIncoming(piece?.length ?? 0);
        return piece;
      },
      release: () => pieces.release(),
    };
  }

  outgoing<Body extends OutgoingBody | UnsizedBody>(body: Body): Body {
    const out = this.#limits?.out ?? [];
    if (out.length === 0) return body;
    const next = async () => {
      await this.#waitFor(out);
      const piece = await body.next();
      for (const { spend } of out) spend(piece?.length ?? 0);
      return piece;
    };
    return { ...body, sizeBytes: body.sizeBytes, next, cancel: () => body.cancel() };
  }

  /** A body that came at once: whatever comes after it waits. */
  spendIncoming(bytes: number): void {
    if (this.#limits === null) this.#earlierBytes += bytes;
    for (const { spend } of this.#limits?.into ?? []) spend(bytes);
  }

  /** A small body, which is sent at once: whatever comes after it waits. */
  spendOutgoing(bytes: number): void {
    for (const { spend } of this.#limits?.out ?? []) spend(bytes);
  }

  async #waitFor(limits: readonly Limit[]): Promise<void> {
    const seconds = longest(limits, 0);
    if (seconds > 0) await this.#clock.sleep(Math.ceil(seconds * 1000));
  }
}

const MEASURES: readonly Measure[] = ["requestsPerSecond", "bytesInPerSecond", "bytesOutPerSecond"];

/** Reads SHERD_RATE_LIMITS: JSON `{"account": {…}, "key": {…}}`, each with one or more of the three measures. Throws an `Error` that says what to fix. */
export function parseDefaultRates(text: string): DefaultRates {
  if (text.trim() === "") return {};
  const wrong = () =>
    new Error(
      'SHERD_RATE_LIMITS must be JSON such as {"account": {"requestsPerSecond": 100}, "key": {"bytesOutPerSecond": 1000000}}',
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong();
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong();
  const entries = Object.entries(value).map(([subject, members]) => {
    const rate = typeof members === "object" && members !== null ? parseRate(Object.entries(members)) : null;
    if ((subject !== "account" && subject !== "key") || rate === null) throw wrong();
    return [subject, rate];
  });
  return Object.fromEntries(entries);
}

/** The rate, with null for what is not said; null: a member is not known, or no whole number from 1 up. */
export function parseRate(members: Iterable<readonly [string, unknown]>): Rate | null {
  const rate = { requestsPerSecond: null, bytesInPerSecond: null, bytesOutPerSecond: null } as Record<
    Measure,
    number | null
  >;
  for (const [name, value] of members) {
    if (!MEASURES.includes(name as Measure)) return null;
    if (value !== null && !(Number.isSafeInteger(value) && (value as number) >= 1)) return null;
    rate[name as Measure] = value as number | null;
  }
  return rate;
}

/** The part of a limit that one of so many processes grants. */
export function frontShare(fronts: string | undefined): number {
  const count = Number(fronts ?? "1");
  return Number.isInteger(count) && count >= 1 ? 1 / count : 1;
}

/** The limiter of an isolate, by its variables. Throws an `Error` that says what to fix. */
export function openLimiter(
  variables: { SHERD_RATE_LIMITS?: string; SHERD_FRONTS?: string },
  clock: Clock,
): RateLimiter {
  return new RateLimiter(
    clock,
    parseDefaultRates(variables.SHERD_RATE_LIMITS ?? ""),
    frontShare(variables.SHERD_FRONTS),
  );
}
