import type { Patience } from "../base/patience.ts";

/** How slow a client may be; see `Patience`. */
export interface ClientPatience extends Omit<Patience, "clock"> {
  /** A client that takes nothing of an answer for this time is given up. */
  readonly readerIdleMs: number;
}

export const CLIENT_PATIENCE: ClientPatience = { idleMs: 20_000, bytesPerSecondMin: 1024, readerIdleMs: 120_000 };
