import { describe, expect, it } from "vitest";
import {
  checkCopyConditions,
  checkReadConditions,
  checkRenameSource,
  ifRangeHolds,
  parseWriteCondition,
  renameTargetCheck,
} from "../../../../src/services/s3/objects/conditions.ts";
import { failing } from "../failing.ts";

const etag = "0cc175b9c0f1b6a831c399e269772661";
const head = { etag, modifiedMs: Date.UTC(2026, 10, 20, 12, 0, 0, 789) };
const before = "Fri, 20 Nov 2026 11:59:59 GMT";
const same = "Fri, 20 Nov 2026 12:00:00 GMT";
const after = "Fri, 20 Nov 2026 12:00:01 GMT";
const yes = `"${etag}"`;
const no = '"other"';

type Outcome = 200 | 304 | 412;
interface Case {
  match?: string;
  noneMatch?: string;
  modifiedSince?: string;
  unmodifiedSince?: string;
}

function headersOf(names: Case, prefix: string): Headers {
  const headers = new Headers();
  if (names.match !== undefined) headers.set(`${prefix}If-Match`, names.match);
  if (names.noneMatch !== undefined) headers.set(`${prefix}If-None-Match`, names.noneMatch);
  if (names.modifiedSince !== undefined) headers.set(`${prefix}If-Modified-Since`, names.modifiedSince);
  if (names.unmodifiedSince !== undefined) headers.set(`${prefix}If-Unmodified-Since`, names.unmodifiedSince);
  return headers;
}

const cases: [Case, Outcome][] = [
  [{}, 200],
  [{ match: yes }, 200],
  [{ match: etag }, 200],
  [{ match: "*" }, 200],
  [{ match: `${no}, ${yes}` }, 200],
  [{ match: no }, 412],
  [{ match: `W/${yes}` }, 412],
  [{ match: "" }, 412],
  [{ noneMatch: yes }, 304],
  [{ noneMatch: etag }, 304],
  [{ noneMatch: `W/${yes}` }, 304],
  [{ noneMatch: `${no},${yes}` }, 304],
  [{ noneMatch: "*" }, 304],
  [{ noneMatch: no }, 200],
  [{ modifiedSince: before }, 200],
  [{ modifiedSince: same }, 304],
  [{ modifiedSince: after }, 304],
  [{ modifiedSince: "yesterday" }, 200],
  [{ unmodifiedSince: before }, 412],
  [{ unmodifiedSince: same }, 200],
  [{ unmodifiedSince: after }, 200],
  [{ unmodifiedSince: "2026-11-20T11:59:59Z" }, 412],
  [{ unmodifiedSince: "31 Feb" }, 200],
  // An ETag condition outranks the date condition of its kind.
  [{ match: yes, unmodifiedSince: before }, 200],
  [{ match: no, unmodifiedSince: after }, 412],
  [{ noneMatch: no, modifiedSince: after }, 200],
  [{ noneMatch: yes, modifiedSince: before }, 304],
  // 412 is decided before 304.
  [{ match: no, noneMatch: yes }, 412],
  [{ match: yes, noneMatch: yes }, 304],
  [{ match: yes, modifiedSince: after }, 304],
  [{ noneMatch: yes, unmodifiedSince: before }, 412],
  [{ modifiedSince: after, unmodifiedSince: before }, 412],
];

describe("conditions of a read", () => {
  it.each(cases)("%j gives %d", (names, outcome) => {
    const check = () => checkReadConditions(headersOf(names, ""), head);
    if (outcome === 200) expect(check()).toBeUndefined();
    if (outcome === 304) {
      const error = failing(check, "NotModified");
      expect(error.headers).toEqual({ ETag: yes, "Last-Modified": same });
    }
    if (outcome === 412) failing(check, "PreconditionFailed");
  });

  it("names the condition that failed", () => {
    expect(
      failing(() => checkReadConditions(headersOf({ match: no }, ""), head), "PreconditionFailed").details,
    ).toEqual({
      Condition: "If-Match",
    });
  });
});

describe("conditions on a copy source", () => {
  it.each(cases)("%j gives %d, 412 in place of 304", (names, outcome) => {
    const check = () => checkCopyConditions(headersOf(names, "x-amz-copy-source-"), head);
    if (outcome === 200) expect(check()).toBeUndefined();
    else failing(check, "PreconditionFailed");
  });

  it("are not those of a read", () => {
    expect(checkCopyConditions(headersOf({ match: no, noneMatch: yes }, ""), head)).toBeUndefined();
  });
});

describe("If-Range", () => {
  it.each([
    [yes, true],
    [no, false],
    [`W/${yes}`, false],
    [same, true],
    [after, false],
    [before, false],
  ])("%s: %s", (text, holds) => {
    expect(ifRangeHolds(new Headers({ "If-Range": text }), head)).toBe(holds);
  });

  it("is not needed", () => {
    expect(ifRangeHolds(new Headers(), head)).toBe(true);
  });

  it("must be strong", () => {
    expect(ifRangeHolds(new Headers({ "If-Range": `W/${yes}` }), head)).toBe(false);
    expect(ifRangeHolds(new Headers({ "If-Range": `${etag}W/` }), head)).toBe(false);
  });
});

describe("conditions of a write", () => {
  it("are If-None-Match: * and If-Match", () => {
    expect(parseWriteCondition(new Headers())).toBeUndefined();
    expect(parseWriteCondition(new Headers({ "If-None-Match": "*" }))).toEqual({ ifNoneMatch: "*" });
    expect(parseWriteCondition(new Headers({ "If-Match": yes }))).toEqual({ ifMatch: etag });
    expect(parseWriteCondition(new Headers({ "If-Match": etag }))).toEqual({ ifMatch: etag });
  });

  const refused = "We don't accept the provided value of %s header for this API";
  const both = "Multiple conditional request headers present in the request";
  it.each([
    [{ "If-None-Match": yes }, "If-None-Match", refused],
    [{ "If-None-Match": "*", "If-Match": yes }, "If-Match,If-None-Match", both],
    [{ "If-None-Match": yes, "If-Match": yes }, "If-Match,If-None-Match", both],
    [{ "If-Match": "*" }, "If-Match", refused],
    [{ "If-Match": "" }, "If-Match", refused],
    [{ "If-Match": `${yes}, ${no}` }, "If-Match", refused],
    [{ "If-Modified-Since": before }, "If-Modified-Since", refused],
    [{ "If-Unmodified-Since": before }, "If-Unmodified-Since", refused],
  ])("%j is not implemented", (headers, header, why) => {
    const error = failing(() => parseWriteCondition(new Headers(headers as Record<string, string>)), "NotImplemented");
    expect(error.details).toEqual({ Header: header, additionalMessage: why.replace("%s", header) });
  });
});

describe("conditions of a rename", () => {
  it.each(cases)("of its source: %j", (names, outcome) => {
    const headers = headersOf(names, "x-amz-rename-source-");
    if (outcome === 200) return expect(checkRenameSource(headers, head)).toBeUndefined();
    const { details } = failing(() => checkRenameSource(headers, head), "PreconditionFailed");
    expect(details.Condition).toMatch(/^If-(None-)?(Match|(Unm|M)odified-Since)$/);
  });

  const target = (names: Case) => renameTargetCheck(headersOf(names, ""));

  it("of what it replaces: none", () => {
    expect(target({})).toBeUndefined();
  });

  it.each<[Case, string | null, string | null]>([
    [{ match: yes }, null, "If-Match"],
    [{ match: no }, "If-Match", "If-Match"],
    [{ noneMatch: "*" }, "If-None-Match", null],
    [{ modifiedSince: before }, null, "If-Modified-Since"],
    [{ modifiedSince: same }, "If-Modified-Since", "If-Modified-Since"],
    [{ unmodifiedSince: before }, "If-Unmodified-Since", null],
    [{ unmodifiedSince: same }, null, null],
  ])("of what it replaces: %j fails an object with %j, nothing with %j", (names, ofObject, ofNothing) => {
    const check = target(names);
    for (const [replaced, failed] of [
      [head, ofObject],
      [null, ofNothing],
    ] as const) {
      if (failed === null) expect(check?.(replaced)).toBeUndefined();
      else expect(failing(() => check?.(replaced), "PreconditionFailed").details).toEqual({ Condition: failed });
    }
  });

  it("takes no ETag that must not be there", () => {
    failing(() => target({ noneMatch: yes }), "NotImplemented");
  });
});
