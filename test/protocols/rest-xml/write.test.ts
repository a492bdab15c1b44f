import { XMLValidator } from "fast-xml-parser";
import { describe, expect, test } from "vitest";
import {
  element,
  elementWith,
  optional,
  plainDocument,
  xmlDocument,
  xmlTime,
} from "../../../src/protocols/rest-xml/write.ts";

describe("documents", () => {
  test("a root in S3's namespace, empty elements, lists, and nothing for undefined", () => {
    const text = xmlDocument(
      "ListBucketResult",
      element("Name", "bucket"),
      element("Prefix", ""),
      optional("Delimiter", undefined),
      optional("MaxKeys", 0),
      element("IsTruncated", false),
      ["a", "b"].map((key) => element("Contents", element("Key", key), undefined)),
    );
    expect(text).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n' +
        '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bucket</Name><Prefix/>' +
        "<MaxKeys>0</MaxKeys><IsTruncated>false</IsTruncated>" +
        "<Contents><Key>a</Key></Contents><Contents><Key>b</Key></Contents></ListBucketResult>",
    );
    expect(XMLValidator.validate(text)).toBe(true);
  });

  test("errors have no namespace", () => {
    expect(plainDocument("Error", element("Code", "NoSuchKey"))).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code></Error>',
    );
  });

  test("attributes", () => {
    expect(elementWith("Grantee", 'a="b"', element("ID", "x")).text).toBe('<Grantee a="b"><ID>x</ID></Grantee>');
  });
});

describe("text", () => {
  test.each([
    ["markup", `<a href="x">&amp;</a>'`, "&lt;a href=&quot;x&quot;&gt;&amp;amp;&lt;/a&gt;'"],
    ["control characters", "\x01\x08\x1f", "&#x1;&#x8;&#x1f;"],
    ["white space", "a\tb\nc\rd", "a\tb\nc&#xd;d"],
    ["noncharacters", "\ufffe\uffff", "&#xfffe;&#xffff;"],
    ["everything else as it is", "ä💩\x7f", "ä💩\x7f"],
  ])("%s", (_, text, written) => {
    expect(element("K", text).text).toBe(`<K>${written}</K>`);
  });
});

test("times are whole seconds, as in Last-Modified", () => {
  expect(xmlTime(Date.UTC(2026, 10, 21, 1, 2, 3, 999))).toBe("2026-11-21T01:02:03.000Z");
});
