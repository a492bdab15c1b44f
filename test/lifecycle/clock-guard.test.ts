import { describe, expect, it } from "vitest";
import { type ClockState, observeClock } from "../../src/lifecycle/clock-guard.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Whether lifecycle is held after each of what the clock says. */
function held(times: number[], dayMs = DAY): boolean[] {
  let state: ClockState | null = null;
  return times.map((ms) => {
    state = observeClock(state, ms, dayMs);
    return state.hold !== null;
  });
}

/** Times from `from` on, `step` apart. */
const even = (from: number, count: number, step = 5 * MINUTE) =>
  Array.from({ length: count }, (_, at) => from + at * step);

describe("the clock guard", () => {
  it("believes a clock that goes evenly", () => {
    expect(held(even(0, 50))).not.toContain(true);
    expect(held(even(0, 50, HOUR))).not.toContain(true);
  });

  it("is not moved by a jump that is taken back", () => {
    expect(held([0, MINUTE, DAY, 2 * MINUTE, 3 * MINUTE])).toEqual([false, false, true, false, false]);
  });

  it("goes on holding if the clock is set back by a little", () => {
    expect(held([0, MINUTE, 365 * DAY, 365 * DAY - 50, 365 * DAY, 365 * DAY - HOUR])).toEqual([
      false,
      false,
      true,
      true,
      true,
      true,
    ]);
    expect(held([0, 365 * DAY, 365 * DAY - 50, 20 * MINUTE])).toEqual([false, true, true, false]);
  });

  it("holds for half an hour and three runs after a jump of a day that stays", () => {
    expect(held([0, ...even(DAY, 8)])).toEqual([false, true, true, true, true, true, true, false, false]);
    expect(held([0, DAY, DAY + 50 * MINUTE, DAY + 55 * MINUTE, DAY + HOUR])).toEqual([false, true, true, true, false]);
  });

  it("holds the longer the further it jumped, up to a day", () => {
    const until = (jump: number) => observeClock({ seenMs: 0, hold: null }, jump, DAY).hold?.untilMs;
    expect(until(10 * DAY)).toBe(10 * DAY + 5 * HOUR);
    expect(until(4_000 * DAY)).toBe(4_001 * DAY);
  });

  it("begins again with a further jump, and a run at the same moment says nothing", () => {
    expect(held([0, DAY, 2 * DAY, ...even(2 * DAY + 5 * MINUTE, 7)])).toEqual([
      false,
      true,
      true,
      true,
      true,
      true,
      true,
      true,
      true,
      true,
    ]);
    expect(held([0, 0.9 * DAY, 0.9 * DAY, 0.9 * DAY, 0.9 * DAY])).toEqual([false, true, true, true, true]);
  });

  it("takes a jump back as it is, and the way forwards again as a jump", () => {
    expect(held([10 * DAY, 9 * DAY, 9 * DAY + MINUTE, 10 * DAY])).toEqual([false, false, false, true]);
  });

  it("suits shortened days: runs a minute apart are no jumps", () => {
    expect(held(even(0, 20, MINUTE), 10_000)).not.toContain(true);
    expect(held([0, HOUR, ...even(HOUR + 1_000, 80, 1_000)], 10_000).lastIndexOf(true)).toBe(10);
  });
});
