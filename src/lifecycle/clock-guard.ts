/**
 * What holds lifecycle while the clock cannot be believed. A clock that is wrong once must delete nothing: after a jump forwards nothing
 * is removed until the clock has gone on from there evenly, for a while and over several runs. If it jumps back
 * before that, the jump was wrong and is forgotten.
 */
export interface ClockState {
  /** What the clock said when the guard was last asked. */
  readonly seenMs: number;
  /** Set while lifecycle is held. */
  readonly hold: ClockHold | null;
}

export interface ClockHold {
  /** What the clock said before the jump, and after it. */
  readonly fromMs: number;
  readonly toMs: number;
  /** What the clock must say before anything is removed. */
  readonly untilMs: number;
  /** Runs since the jump that agreed. */
  readonly runs: number;
}

/** Never held for less than this many runs. */
const RUNS_MIN = 3;
/** Runs come every five minutes at the least often; a run may be missed. */
const STEP_MS_MIN = 15 * 60_000;

/**
 * What is known of the clock once it says `nowMs`. A step forwards of more than a 24th of a day (and more than 15 minutes) is a jump; so is
 * a machine that was off. The hold lasts a 48th of the jump, at least a 48th of a day and at most a day: half an hour after a
 * jump of a day, a day after one of two months. `before` null: nothing was seen yet.
 */
export function observeClock(before: ClockState | null, nowMs: number, dayMs: number): ClockState {
  if (before === null) return { seenMs: nowMs, hold: null };
  const stepMs = nowMs - before.seenMs;
  const jumpMs = Math.max(dayMs / 24, STEP_MS_MIN);
  if (stepMs < 0) {
    // Only a clock that is back where it was before the jump has taken it back. Clocks are also set back by a few milliseconds.
    const isTakenBack = before.hold !== null && nowMs <= before.hold.fromMs + jumpMs;
    return { seenMs: nowMs, hold: isTakenBack ? null : before.hold };
  }
  if (stepMs > jumpMs) {
    const fromMs = before.hold?.fromMs ?? before.seenMs;
    const holdMs = Math.min(dayMs, Math.max((nowMs - fromMs) / 48, dayMs / 48));
    return { seenMs: nowMs, hold: { fromMs, toMs: nowMs, untilMs: Math.ceil(nowMs + holdMs), runs: 0 } };
  }
  if (before.hold === null) return { seenMs: nowMs, hold: null };
  // A run at the same moment says nothing.
  const runs = before.hold.runs + (stepMs > 0 ? 1 : 0);
  const isOver = nowMs >= before.hold.untilMs && runs >= RUNS_MIN;
  return { seenMs: nowMs, hold: isOver ? null : { ...before.hold, runs } };
}
