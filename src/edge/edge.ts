import type { Authenticator } from "../auth/authenticator.ts";
import type { KeyUses } from "../auth/keys/uses.ts";
import type { Clock } from "../base/clock.ts";
import type { RandomBytes } from "../base/random.ts";
import type { ClientPatience } from "./client-patience.ts";
import type { RateLimiter } from "./rate-limiter.ts";
import type { ClientAddress } from "./request-facts.ts";
import type { RequestMetrics } from "./request-metrics.ts";
import type { Service } from "./service.ts";

/** All that the edge works with. Built once an isolate, in `src/index.ts`, or by a test. */
export interface Edge {
  /** A row for each service. The first gets what no other claims. */
  readonly services: readonly [Service, ...Service[]];
  readonly authenticator: Authenticator;
  /** Where the address of a client is found. */
  readonly clientAddress: ClientAddress;
  readonly clock: Clock;
  /** How slow clients may be. */
  readonly patience: ClientPatience;
  readonly random: RandomBytes;
  readonly log: Log;
  /** Form of the line about each request; null: none is written. */
  readonly logRequests: "text" | "json" | null;
  readonly metrics: RequestMetrics;
  /** Absent: nobody is slowed down. */
  readonly limiter?: RateLimiter;
  /** Absent: nobody asks when keys were used last. */
  readonly uses?: KeyUses;
}

export interface Log {
  info(line: string): void;
  error(line: string): void;
}
