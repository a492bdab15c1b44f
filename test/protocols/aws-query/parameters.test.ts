import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { resultDocument } from "../../../src/protocols/aws-query/answer.ts";
import { flag, integer, list, readFields, required, structure, text } from "../../../src/protocols/aws-query/fields.ts";
import { parseParameters, type QueryNode } from "../../../src/protocols/aws-query/parameters.ts";

function parsed(form: string): QueryNode {
  const result = parseParameters(new TextEncoder().encode(form));
  if (!result.ok) throw new Error(result.problem);
  return result.root;
}

const tags = { Tags: list(structure({ Key: required(text()), Value: text() }), { max: 3 }) };

describe("parameters", () => {
  it.each([
    ["Tags.member.1.Key=a&Tags.member.1.Value=1&Tags.member.2.Key=b"],
    ["Tags.1.Key=a&Tags.1.Value=1&Tags.2.Key=b"],
    ["Tags.member.7.Key=b&Tags.member.2.Key=a&Tags.member.2.Value=1"],
  ])("lists are read with member, flattened and with gaps: %s", (form) => {
    const read = readFields(parsed(form), tags);
    expect(read).toEqual({
      ok: true,
      input: {
        Tags: [
          { Key: "a", Value: "1" },
          { Key: "b", Value: undefined },
        ],
      },
    });
  });

  it("an empty list is one, however it is sent", () => {
    for (const form of ["Tags=", "", "Other=1"])
      expect(readFields(parsed(form), tags)).toMatchObject({ input: { Tags: [] } });
  });

  it("numbers and flags are read, and refused if they are none", () => {
    const fields = { Max: integer({ min: 1, max: 10 }), On: flag() };
    expect(readFields(parsed("Max=7&On=true"), fields)).toEqual({ ok: true, input: { Max: 7, On: true } });
    expect(readFields(parsed("Max=11&On=maybe"), fields)).toMatchObject({
      message: expect.stringMatching(
        /^2 validation errors detected: Value '11' at 'max' .* less than or equal to 10; Value 'maybe' at 'on'/,
      ),
    });
  });

  it("a missing member of a list's item is named by its place", () => {
    expect(readFields(parsed("Tags.member.1.Value=1"), tags)).toMatchObject({
      message:
        "1 validation error detected: Value null at 'tags.1.member.key' failed to satisfy constraint: Member must not be null",
    });
  });

  it("secrets are not shown", () => {
    const read = readFields(parsed("Token=sesame"), { Token: text({ max: 3, secret: true }) });
    expect(JSON.stringify(read)).not.toContain("sesame");
  });

  it.each([
    ["too many parameters", "a&".repeat(5_001)],
    ["nested too deeply", `${"a.".repeat(9)}a=1`],
    ["repeated parameter", "A=1&A=2"],
  ])("%s", (problem, form) => {
    expect(parseParameters(form)).toEqual({ ok: false, problem });
  });

  it("what is not UTF-8 is refused", () => {
    expect(parseParameters(Uint8Array.of(0x41, 0x3d, 0xff))).toEqual({ ok: false, problem: "not utf-8" });
  });

  it("any text is read or refused, and names of objects are names like others", () => {
    fc.assert(
      fc.property(fc.string(), (form) => {
        parseParameters(form);
      }),
    );
    expect(readFields(parsed("__proto__.x=1&constructor=2"), tags)).toMatchObject({ input: { Tags: [] } });
  });
});

it("answers have lists, maps, times and no element for what is not there", () => {
  const result = {
    Name: "<a&b>",
    At: new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678)),
    None: undefined,
    List: ["x", { Y: 1 }],
    Map: new Map([["k", 2]]),
    Empty: [],
  };
  expect(resultDocument("Do", result, { xmlns: "urn:x", requestId: "R" })).toBe(
    '<?xml version="1.0" encoding="UTF-8"?>\n<DoResponse xmlns="urn:x"><DoResult><Name>&lt;a&amp;b&gt;</Name><At>2026-01-02T03:04:05Z</At>' +
      "<List><member>x</member><member><Y>1</Y></member></List><Map><entry><key>k</key><value>2</value></entry></Map><Empty/></DoResult>" +
      "<ResponseMetadata><RequestId>R</RequestId></ResponseMetadata></DoResponse>",
  );
  expect(resultDocument("Do", null, { xmlns: "urn:x", requestId: "R" })).not.toContain("DoResult");
});
