import { expect, test } from "vitest";
import { ERRORS_KEPT, mergeErrors, type RecentError, RecentErrors } from "../../src/edge/recent-errors.ts";

const error = (atMs: number, status: number, more: Partial<RecentError> = {}): RecentError => ({
  ...{ atMs, status, code: "SlowDown", operation: "GetObject", service: "s3", bucket: "holiday" },
  ...{ requestId: String(atMs), ...more },
});

test("requests that failed are not pushed out by those that were refused, and both are bounded", () => {
  const errors = new RecentErrors();
  errors.note(error(0, 200));
  for (let at = 1; at <= 3; at++) errors.note(error(at, 503));
  for (let at = 10; at < 10 + 3 * ERRORS_KEPT; at++) errors.note(error(at, 404));
  const kept = errors.list();
  expect(kept.filter(({ status }) => status === 503).map(({ atMs }) => atMs)).toEqual([3, 2, 1]);
  expect(kept.filter(({ status }) => status === 404)).toHaveLength(ERRORS_KEPT);
  expect(kept[0]?.atMs).toBe(9 + 3 * ERRORS_KEPT);
  expect(kept.some(({ status }) => status === 200)).toBe(false);
});

test("nothing that a client chose is kept but the name of a bucket", () => {
  const errors = new RecentErrors();
  for (const bucket of ["<script>", "a", "%2e%2e", `${"x".repeat(64)}`, "UPPER"])
    errors.note(error(1, 403, { bucket }));
  expect(errors.list().map(({ bucket }) => bucket)).toEqual([null, null, null, null, null]);
});

test("lists of several isolates are one, bounded as each of them is", () => {
  const many = Array.from({ length: ERRORS_KEPT }, (_, at) => error(at, 500));
  const merged = mergeErrors([many, [error(1_000, 500), error(2_000, 400)]]);
  expect(merged).toHaveLength(ERRORS_KEPT + 1);
  expect(merged.slice(0, 2).map(({ atMs }) => atMs)).toEqual([2_000, 1_000]);
  expect(merged.at(-1)?.atMs).toBe(1);
});
