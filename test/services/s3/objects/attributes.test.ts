import { describe, expect, it } from "vitest";
import {
  attributeHeaders,
  parseAttributes,
  responseOverrides,
} from "../../../../src/services/s3/objects/attributes.ts";
import { failing } from "../failing.ts";

describe("attributes", () => {
  it("come back as they were sent", () => {
    const sent = {
      "content-type": "text/html; charset=utf-8",
      "content-encoding": "gzip",
      "content-disposition": 'attachment; filename="a.txt"',
      "content-language": "de, en",
      "cache-control": "max-age=90, no-transform",
      expires: "not a date at all",
      "x-amz-meta-colour": "blue",
      "x-amz-meta-empty": "",
      "x-amz-meta-__proto__": "only a name",
      "x-amz-acl": "private",
      etag: "x",
    };
    const attributes = parseAttributes(new Headers(sent));
    expect(attributes.system).toEqual({
      contentType: "text/html; charset=utf-8",
      contentEncoding: "gzip",
      contentDisposition: 'attachment; filename="a.txt"',
      contentLanguage: "de, en",
      cacheControl: "max-age=90, no-transform",
      expires: "not a date at all",
    });
    expect(Object.entries(attributes.user).sort()).toEqual([
      ["__proto__", "only a name"],
      ["colour", "blue"],
      ["empty", ""],
    ]);
    const { "x-amz-acl": _acl, etag: _etag, ...kept } = sent;
    expect(Object.entries(Object.fromEntries(new Headers(attributeHeaders(attributes)))).sort()).toEqual(
      Object.entries(kept).sort(),
    );
  });

  it("default to binary/octet-stream", () => {
    expect(attributeHeaders(parseAttributes(new Headers()))).toEqual({ "Content-Type": "binary/octet-stream" });
  });

  it.each([
    ["aws-chunked", undefined],
    ["AWS-Chunked", undefined],
    ["gzip,aws-chunked", "gzip"],
    ["aws-chunked, gzip , br", "gzip,br"],
    ["gzip, br", "gzip, br"],
  ])("Content-Encoding %j is kept as %j", (sent, kept) => {
    expect(parseAttributes(new Headers({ "content-encoding": sent })).system.contentEncoding).toBe(kept);
  });

  it("hold at most 2 KB of user metadata, counted in UTF-8", () => {
    const fits = new Headers({ "x-amz-meta-ab": "x".repeat(2046) });
    expect(parseAttributes(fits).user.ab).toHaveLength(2046);
    const error = failing(
      () => parseAttributes(new Headers({ "x-amz-meta-ab": "x".repeat(2047) })),
      "MetadataTooLarge",
    );
    expect(error.details).toEqual({ Size: "2049", MaxSizeAllowed: "2048" });
    const encoded = `=?UTF-8?B?${Buffer.from("ä".repeat(1024)).toString("base64")}?=`;
    failing(() => parseAttributes(new Headers({ "x-amz-meta-a": encoded })), "MetadataTooLarge");
  });

  it("carry what is not ASCII as encoded words", () => {
    const attributes = parseAttributes(new Headers({ "x-amz-meta-name": "=?UTF-8?B?w6TDtsO8?=" }));
    expect(attributes.user).toEqual({ name: "äöü" });
    expect(attributeHeaders(attributes)["x-amz-meta-name"]).toBe("=?UTF-8?B?w6TDtsO8?=");
  });
});

describe("response-* parameters", () => {
  const query = new URLSearchParams({
    "response-content-type": "text/plain",
    "response-content-disposition": "attachment; filename=ä.txt",
    "response-expires": "soon",
  });

  it("replace headers of a signed request", () => {
    expect(responseOverrides(query, true)).toEqual({
      "Content-Type": "text/plain",
      "Content-Disposition": "attachment; filename=ä.txt",
      Expires: "soon",
    });
  });

  it("are refused to an anonymous one", () => {
    failing(() => responseOverrides(query, false), "InvalidRequest");
    expect(responseOverrides(new URLSearchParams(), false)).toEqual({});
  });

  it.each(["response-etag", "response-", "response-content-md5"])("are no others than S3's: %s", (name) => {
    const error = failing(() => responseOverrides(new URLSearchParams({ [name]: "x" }), true), "InvalidArgument");
    expect(error.details).toEqual({ ArgumentName: name, ArgumentValue: "x" });
  });

  it.each(["a\r\nX-Evil: 1", "a\u0000", "\u007f", "attachment; filename=ł.txt", "馬"])("cannot be %j", (value) => {
    failing(() => responseOverrides(new URLSearchParams({ "response-expires": value }), true), "InvalidArgument");
  });
});
