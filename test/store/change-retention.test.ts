import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EventHold, ObjectLock, Retention } from "../../src/store/types.ts";
import { changeRetention, isProtected, retainedUntilMs } from "../../src/store/write/change-retention.ts";

const DAY_MS = 24 * 3600 * 1000;
const nowMs = 1_000 * DAY_MS;
const at = { nowMs, bypassGovernance: false };
const bypassing = { nowMs, bypassGovernance: true };
const days = (count: number) => nowMs + count * DAY_MS;
const on = (count: number): EventHold => ({ status: "ON", duration: { days: count } });
const OFF: EventHold = { status: "OFF" };

const lock = (retention: Retention | null, eventHold?: EventHold): ObjectLock => ({
  retention,
  legalHold: null,
  ...(eventHold && { eventHold }),
});
const compliance = (untilMs: number): Retention => ({ mode: "COMPLIANCE", untilMs });
const governance = (untilMs: number): Retention => ({ mode: "GOVERNANCE", untilMs });

describe("an event hold", () => {
  it("keeps a version until its duration after now, or until the version's own date if that is later", () => {
    expect(retainedUntilMs(lock(compliance(0), on(5)), nowMs)).toBe(days(5));
    expect(retainedUntilMs(lock(compliance(days(9)), on(5)), nowMs)).toBe(days(9));
    expect(retainedUntilMs(lock(compliance(0), { status: "ON", duration: { years: 2 } }), nowMs)).toBe(days(730));
    expect(retainedUntilMs(lock(compliance(days(3)), OFF), nowMs)).toBe(days(3));
  });

  it("leaves a date when it is released: the later of its own and the hold's", () => {
    const released = changeRetention(lock(compliance(0), on(5)), { retention: compliance(0), eventHold: OFF }, at);
    expect(released).toEqual(lock(compliance(days(5)), OFF));
    const later = { retention: compliance(days(8)), eventHold: OFF };
    expect(changeRetention(lock(compliance(0), on(5)), later, at)).toEqual(lock(compliance(days(8)), OFF));
    expect(changeRetention(lock(compliance(days(9)), on(5)), { retention: compliance(0), eventHold: OFF }, at)).toEqual(
      lock(compliance(days(9)), OFF),
    );
  });

  it("cannot be released where there is none, unless a date is given", () => {
    const release = { retention: compliance(0), eventHold: OFF };
    expect(changeRetention(lock(null), release, at)).toBe("no-date");
    expect(changeRetention(lock(compliance(days(1)), OFF), release, at)).toBe("no-date");
    expect(changeRetention(lock(null), { ...release, retention: compliance(days(2)) }, at)).toEqual(
      lock(compliance(days(2)), OFF),
    );
  });

  it("may be shortened, which moves no date back", () => {
    expect(changeRetention(lock(compliance(0), on(5)), { retention: compliance(0), eventHold: on(1) }, at)).toEqual(
      lock(compliance(days(5)), on(1)),
    );
  });

  it("stays where only a date is set", () => {
    expect(changeRetention(lock(compliance(0), on(5)), { retention: compliance(days(2)) }, at)).toEqual(
      lock(compliance(days(2)), on(5)),
    );
    expect(changeRetention(lock(compliance(days(4)), on(5)), { retention: compliance(days(2)) }, at)).toBe("locked");
  });

  it("in governance mode is passed over by those who may", () => {
    const held = lock(governance(0), on(5));
    expect(changeRetention(held, { retention: null }, at)).toBe("locked");
    expect(changeRetention(held, { retention: null }, bypassing)).toEqual(lock(null));
    expect(changeRetention(held, { retention: governance(days(1)) }, bypassing)).toEqual(lock(governance(days(1))));
    expect(changeRetention(held, { retention: governance(0), eventHold: OFF }, bypassing)).toEqual(
      lock(governance(days(5)), OFF),
    );
    expect(changeRetention(held, { retention: compliance(0), eventHold: on(1) }, at)).toBe("locked");
    expect(changeRetention(held, { retention: compliance(0), eventHold: on(1) }, bypassing)).toEqual(
      lock(compliance(0), on(1)),
    );
  });
});

const mode = fc.constantFrom("GOVERNANCE" as const, "COMPLIANCE" as const);
const untilMs = fc.oneof(fc.constant(0), fc.integer({ min: -20, max: 20 }).map(days));
const hold = fc.option(fc.oneof(fc.constant(OFF), fc.integer({ min: 1, max: 20 }).map(on)), { nil: undefined });
const retention = fc.record({ mode, untilMs });
const anyLock = fc
  .tuple(fc.option(retention), hold)
  .map(([own, eventHold]) => lock(own, own === null ? undefined : eventHold));

describe("whatever is asked of a lock", () => {
  it("does not loosen what protects, in its mode, its date or its hold", () => {
    fc.assert(
      fc.property(anyLock, fc.option(retention), hold, fc.boolean(), (was, wanted, eventHold, bypassGovernance) => {
        const circumstances = { nowMs, bypassGovernance };
        if (!isProtected(was, circumstances)) return;
        const is = changeRetention(was, { retention: wanted, ...(eventHold && { eventHold }) }, circumstances);
        if (typeof is === "string") return;
        expect(is.retention?.mode).toBe(was.retention?.mode);
        expect(retainedUntilMs(is, nowMs)).toBeGreaterThanOrEqual(retainedUntilMs(was, nowMs));
        // Released, it is kept as long as it would have been from now on; not released, it is held still.
        if (was.eventHold?.status === "ON" && eventHold?.status !== "OFF") expect(is.eventHold?.status).toBe("ON");
      }),
    );
  });
});
