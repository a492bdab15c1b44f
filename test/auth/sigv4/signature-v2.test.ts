import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Checked } from "../../../src/auth/sigv4/failures.ts";
import { parseSignature } from "../../../src/auth/sigv4/parse-signature.ts";
import { decodeCanonical, parseQuery } from "../../../src/auth/sigv4/percent-encoding.ts";
import type { RequestHead, SignedV2Request } from "../../../src/auth/sigv4/request-head.ts";
import { SigningKeyCache } from "../../../src/auth/sigv4/signing-keys.ts";
import { resourceParameters, stringsToSignV2 } from "../../../src/auth/sigv4/string-to-sign-v2.ts";
import { spendVerification, verifySignature } from "../../../src/auth/sigv4/verify-signature.ts";
import { everySubresource } from "../../../src/services/s3/address/detect-operation.ts";
import { parseQueryParameters } from "../../../src/services/s3/address/target.ts";
import { type SignerV2Input, signRequestV2 } from "../../support/signer-v2.ts";
import { accepted, example, headOf, refusal } from "./support/request.ts";

const minute = 60_000;
const expires = example.nowMs / 1000 + 600;

function authenticate(head: RequestHead, nowMs = example.nowMs, secret = example.secret): Checked<SignedV2Request> {
  const parsed = parseSignature(head);
  if (!parsed.ok) return parsed;
  if (parsed.value.kind !== "signed-v2") throw new Error(`the request is ${parsed.value.kind}`);
  const verified = verifySignature(parsed.value, head, { secret, nowMs, keys: new SigningKeyCache() });
  return verified.ok ? { ok: true, value: parsed.value } : verified;
}

/** Signs with the example key in the header; `expires` makes it a URL. */
function sign(changes: Partial<SignerV2Input> = {}) {
  return signRequestV2({ method: "GET", url: "https://host/bucket/key", ...example, ...changes });
}

function presign(changes: Partial<SignerV2Input> = {}) {
  return sign({ presign: { expires }, ...changes });
}

const kindOf = (head: RequestHead, nowMs?: number) => refusal(authenticate(head, nowMs)).kind;

describe('AWS\'s examples ("Signing and authenticating REST requests")', () => {
  const bucketOfHost = "awsexamplebucket1";
  const inHeader: [name: string, line: string, dates: Record<string, string>, signature: string, more?: object][] = [
    [
      "Object GET",
      "GET /photos/puppy.jpg",
      { date: "Tue, 27 Mar 2007 19:36:42 +0000" },
      "qgk2+6Sv9/oM7G3qLEjTH1a1l1g=",
    ],
    [
      "Object PUT",
      "PUT /photos/puppy.jpg",
      { date: "Tue, 27 Mar 2007 21:15:45 +0000", "content-type": "image/jpeg", "content-length": "94328" },
      "iqRzw+ileNPu1fhspnRs8nOjjIA=",
    ],
    [
      "List",
      "GET /?prefix=photos&max-keys=50&marker=puppy",
      { date: "Tue, 27 Mar 2007 19:42:41 +0000", "user-agent": "Mozilla/5.0" },
      "m0WP8eCtspQl5Ahe6L1SozdX9YA=",
    ],
    ["Fetch", "GET /?acl", { date: "Tue, 27 Mar 2007 19:44:46 +0000" }, "82ZHiFIjc+WbcwFKGUVEQspPn+0="],
    [
      "List all my buckets",
      "GET /",
      { date: "Wed, 28 Mar 2007 01:29:59 +0000" },
      "qGdzdERIC03wnaRNKh6OqZehG9s=",
      { bucketOfHost: undefined },
    ],
    [
      "Unicode keys",
      "GET /dictionary/fran%C3%A7ais/pr%c3%a9f%c3%a8re",
      { date: "Wed, 28 Mar 2007 01:49:49 +0000" },
      "DNEZGsoieTZ92F3bUfSPQcbGmlM=",
      { bucketOfHost: undefined },
    ],
  ];

  test.each(inHeader)("%s is accepted", (_name, line, headers, signature, more = {}) => {
    const [method, path, query] = line.split(/[ ?]/) as [string, string, string | undefined];
    const authorization = `AWS ${example.accessKeyId}:${signature}`;
    const given = new Map(Object.entries({ ...headers, authorization }));
    const head = { method, rawPath: path, rawQuery: query ?? "", headers: given, bucketOfHost, ...more } as RequestHead;
    const nowMs = Date.parse(headers.date as string) + minute;
    expect(accepted(authenticate(head, nowMs))).toMatchObject({ accessKeyId: example.accessKeyId, via: "header" });
    expect(kindOf({ ...head, method: "HEAD" }, nowMs)).toBe("signatureDoesNotMatch");
  });

  test("Delete: x-amz-date is signed as a header, and Date as nothing", () => {
    // As its text has it. The signature printed with it is over another string, against that text.
    const headers = { date: "Tue, 27 Mar 2007 21:20:27 +0000", "x-amz-date": "Tue, 27 Mar 2007 21:20:26 +0000" };
    const parts = sign({ method: "DELETE", url: "https://h/awsexamplebucket1/photos/puppy.jpg", headers });
    expect(parts.stringToSign).toBe(
      "DELETE\n\n\n\nx-amz-date:Tue, 27 Mar 2007 21:20:26 +0000\n/awsexamplebucket1/photos/puppy.jpg",
    );
    expect(authenticate(headOf(parts), Date.parse(headers["x-amz-date"])).ok).toBe(true);
  });

  test("Upload: its string to sign, with a header that came twice", () => {
    const headers = {
      date: "Tue, 27 Mar 2007 21:06:08 +0000",
      authorization: `AWS ${example.accessKeyId}:x`,
      "content-type": "application/x-download",
      "content-md5": "4gJE4saaMU4BqNR0kLY+lw==",
      "content-disposition": "attachment; filename=database.dat",
      "x-amz-meta-reviewedby": "joe@awsexamplebucket1.net, jane@awsexamplebucket1.net",
      "x-amz-meta-filechecksum": "0x02661779",
      "x-amz-meta-checksumalgorithm": "crc32",
      "x-amz-acl": "public-read",
    };
    const head = {
      method: "PUT",
      rawPath: "/db-backup.dat.gz",
      rawQuery: "",
      headers: new Map(Object.entries(headers)),
      bucketOfHost: "static.awsexamplebucket1.net",
    };
    const signed = accepted(parseSignature(head)) as SignedV2Request;
    expect([...stringsToSignV2(signed, head)]).toContain(
      [
        "PUT",
        "4gJE4saaMU4BqNR0kLY+lw==",
        "application/x-download",
        "Tue, 27 Mar 2007 21:06:08 +0000",
        "x-amz-acl:public-read",
        "x-amz-meta-checksumalgorithm:crc32",
        "x-amz-meta-filechecksum:0x02661779",
        "x-amz-meta-reviewedby:joe@awsexamplebucket1.net,jane@awsexamplebucket1.net",
        "/static.awsexamplebucket1.net/db-backup.dat.gz",
      ].join("\n"),
    );
  });

  test("the presigned URL is accepted until it expires", () => {
    // The signature was made when the bucket of the examples was called johnsmith.
    const head = {
      method: "GET",
      rawPath: "/photos/puppy.jpg",
      rawQuery: `AWSAccessKeyId=${example.accessKeyId}&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620`,
      headers: new Map([["host", "johnsmith.s3.amazonaws.com"]]),
      bucketOfHost: "johnsmith",
    };
    expect(authenticate(head, 1_175_139_620_000).ok).toBe(true);
    expect(refusal(authenticate(head, 1_175_139_620_001))).toEqual({
      kind: "presignedExpired",
      expiredAtMs: 1_175_139_620_000,
      serverTimeMs: 1_175_139_620_001,
    });
    expect(kindOf({ ...head, bucketOfHost: "another" }, 0)).toBe("signatureDoesNotMatch");
  });
});

/** Made by generate_presigned_url of boto3 1.44.5, without configuration, at the time of the examples. */
const ofBoto3: [line: string, query: string, signature: string, headers?: Record<string, string>][] = [
  ["GET /bucket/key", "", "FqWlwesMcyyPN9%2FzRxQniRTx61E%3D"],
  ["GET bucket /key", "", "FqWlwesMcyyPN9%2FzRxQniRTx61E%3D"],
  [
    "GET /bucket/a%20b//c%2Bd~%C3%A9%252F%26%3D%3F%23x",
    "versionId=v%2B1%2F%3D&response-content-type=text%2Fa%20b&response-content-disposition=attachment%3B%20filename%3D" +
      "%22%C3%BC%2B.txt%22&response-expires=Thu%2C%2002%20Jan%202020%2003%3A04%3A05%20GMT&response-cache-control=" +
      "&partNumber=2",
    "Fu2fHfqIKi2WTrgUEKT%2F8JU%2BcBs%3D",
  ],
  ["GET bucket /a%20b//c", "response-content-language=de%2C%20en", "OGNLQqCazu2jxnR7WRoS%2BDo143M%3D"],
  ["HEAD /bucket/key", "", "%2FGWI5RoAsjAOX%2FHbhBr4BZdEr4s%3D"],
  [
    "PUT /bucket/key",
    "content-type=text%2Fplain&content-md5=4gJE4saaMU4BqNR0kLY%2Blw%3D%3D&x-amz-meta-b=c%20%20d%2C%20e&x-amz-meta-a=f" +
      "&x-amz-storage-class=STANDARD&x-amz-tagging=a%3Db%26c%3Dd",
    "La7t6CH2ZQ3spyeCyttXEccwbN0%3D",
    { "content-type": "text/plain", "content-md5": "4gJE4saaMU4BqNR0kLY+lw==", "x-amz-meta-a": "f" },
  ],
  ["GET /bucket", "list-type=2&prefix=a%2F&encoding-type=url", "luNXctNrAfdGM4ZaSoYnRXh9z3g%3D"],
  ["GET bucket /", "list-type=2&prefix=a%2F&encoding-type=url", "luNXctNrAfdGM4ZaSoYnRXh9z3g%3D"],
  ["GET /", "", "Ijr6U6v7vt4OsCyVRPXJaEWM1Q0%3D"],
  ["POST /bucket/key", "uploads", "wttoEEvqClIyPA0AWjj30Cqo4BA%3D"],
  ["PUT /bucket/key", "uploadId=u%2F1%2B&partNumber=1", "MR6sQd4ciQZkliP4xHzhUk35zxM%3D"],
  ["GET /bucket/key", "tagging", "XA%2Bjs8FPkHBoPELaTGlb254aYd0%3D"],
  ["GET /bucket", "acl", "WRcfISeYZnqB6je34CGRUy%2FagnU%3D"],
  ["GET bucket /", "versioning", "LqPoFXrLuNRwXJGat6I1lEY8KlE%3D"],
];

test.each(ofBoto3)("boto3 presigns %s ? %s", (line, query, signature, headers = {}) => {
  const [method, bucketOfHost, path] = (line.includes(" /", 5) ? line : line.replace(" ", "  ")).split(" ");
  const rawQuery = `${query}&AWSAccessKeyId=${example.accessKeyId}&Signature=${signature}&Expires=${expires}`;
  const head = { method, rawPath: path, rawQuery, headers: new Map(Object.entries(headers)) } as RequestHead;
  const addressed = bucketOfHost ? { ...head, bucketOfHost } : head;
  expect(accepted(authenticate(addressed))).toMatchObject({ via: "query", payload: { kind: "unsigned" } });
  expect(kindOf({ ...addressed, rawPath: `${path}x` })).toBe("signatureDoesNotMatch");
});

test("temporary credentials bring their token in the query too", () => {
  const rawQuery =
    `AWSAccessKeyId=${example.accessKeyId}&Signature=aAQPoXXvxjssixOe%2FekxS0x2xFA%3D&` +
    `x-amz-security-token=tok%2Fen%2B%3D&Expires=${expires}`;
  const head = { method: "GET", rawPath: "/bucket/key", rawQuery, headers: new Map() };
  expect(accepted(authenticate(head)).sessionToken).toBe("tok/en+=");
  const inHeader = sign({ headers: { "x-amz-security-token": "abc" } });
  expect(accepted(authenticate(headOf(inHeader))).sessionToken).toBe("abc");
});

describe("what a signature covers", () => {
  const url =
    "https://host/bucket/key?versionId=1&response-content-type=a&uploadId=u&partNumber=1&acl&x-amz-meta-a=b&prefix=p";
  const headers = { "content-md5": "4gJE4saaMU4BqNR0kLY+lw==", "content-type": "text/plain", "x-amz-meta-c": "d" };
  const parts = presign({ url, headers });
  const changed = (change: (head: { -readonly [K in keyof RequestHead]: RequestHead[K] }) => void) => {
    const head = { ...headOf(parts) };
    change(head);
    expect(head).not.toEqual(headOf(parts));
    return authenticate(head);
  };
  const withHeader = (name: string, value: string | undefined) => (head: { headers: ReadonlyMap<string, string> }) => {
    const map = new Map(head.headers);
    if (value === undefined) map.delete(name);
    else map.set(name, value);
    head.headers = map;
  };

  test("as it is, the URL is accepted", () => {
    expect(authenticate(headOf(parts)).ok).toBe(true);
  });

  test.each([
    ["versionId=1", "versionId=2"],
    ["versionId=1", "versionId"],
    ["versionId=1&", ""],
    ["versionId=1", "versionId=2&versionId=1"],
    ["response-content-type=a", "response-content-type=b"],
    ["uploadId=u", "uploadId=v"],
    ["partNumber=1", "partNumber=2"],
    ["&acl", ""],
    ["&acl", "&acl&tagging"],
    ["x-amz-meta-a=b", "x-amz-meta-a=c"],
    ["x-amz-meta-a=b", "x-amz-meta-a=b&X-Amz-Meta-A=c"],
    ["x-amz-meta-a=b", "x-amz-meta-a=b&x%2Damz-acl=private"],
    ["prefix=p", "prefix=p&x-amz-copy-source=%2Fa%2Fb"],
    ["prefix=p", "prefix=p&response-expires=x"],
    [`Expires=${expires}`, `Expires=${expires + 1}`],
    [`Expires=${expires}`, `Expires=0${expires}`],
    ["Signature=", "Signature=A"],
    ["Signature=", "Signature=%20"],
  ])("%s must not become %s", (from, to) => {
    expect(refusal(changed((head) => (head.rawQuery = head.rawQuery.replace(from, to)))).kind).toBe(
      "signatureDoesNotMatch",
    );
  });

  test.each([
    ["content-md5", undefined],
    ["content-type", "text/html"],
    ["x-amz-meta-c", "e"],
    ["x-amz-meta-c", undefined],
    ["x-amz-meta-a", "other than in the query"],
    ["x-amz-acl", "public-read"],
    ["x-amz-copy-source", "/a/b"],
  ])("header %s must not become %s", (name, value) => {
    expect(refusal(changed(withHeader(name, value))).kind).toBe("signatureDoesNotMatch");
  });

  test("nor may method, path, bucket or secret change", () => {
    for (const change of [{ method: "PUT" }, { rawPath: "/bucket/kez" }, { rawPath: "/bucket/key/" }]) {
      expect(refusal(changed((head) => Object.assign(head, change))).kind).toBe("signatureDoesNotMatch");
    }
    expect(refusal(changed((head) => Object.assign(head, { bucketOfHost: "b" }))).kind).toBe("signatureDoesNotMatch");
    expect(refusal(authenticate(headOf(parts), example.nowMs, `${example.secret}x`)).kind).toBe(
      "signatureDoesNotMatch",
    );
  });

  test("host, other headers and other parameters may, and so may whatever the way adds", () => {
    expect(changed((head) => (head.rawQuery = head.rawQuery.replace("prefix=p", "prefix=q"))).ok).toBe(true);
    for (const name of ["host", "range", "x-amz-cf-id", "x-amz-date", "date"]) {
      expect(changed(withHeader(name, "v")).ok).toBe(true);
    }
    expect(changed(withHeader("x-amz-meta-a", "b")).ok).toBe(true);
  });

  test("every parameter that makes another operation of a request is covered", () => {
    expect([...everySubresource].filter((name) => !resourceParameters.has(name))).toEqual([]);
  });

  test("the parameters that are covered are those that the operation will see", () => {
    const crumb = fc.constantFrom(
      "?",
      "acl",
      "&",
      "=",
      "+",
      "%61cl",
      "%",
      "%2",
      "%3F",
      ";",
      "x-amz-acl",
      "%C3%A9",
      "a",
    );
    const seen = (rawQuery: string) => {
      try {
        return [...parseQueryParameters(rawQuery)];
      } catch {
        return "refused";
      }
    };
    let compared = 0;
    fc.assert(
      fc.property(fc.array(crumb, { maxLength: 12 }), (crumbs) => {
        const rawQuery = crumbs.join("");
        const operations = seen(rawQuery);
        if (operations === "refused") return;
        compared += 1;
        const covered = parseQuery(rawQuery).map(({ name, value }) => [decodeCanonical(name), decodeCanonical(value)]);
        expect(covered).toEqual(operations);
      }),
      { numRuns: 3000, examples: [[["?", "acl"]]] },
    );
    expect(compared).toBeGreaterThan(1000);
  });
});

describe("the header form", () => {
  const authorization = (text: string) => {
    const parts = sign();
    return headOf({ ...parts, headers: { ...parts.headers, authorization: text } });
  };

  test.each([
    "AWS ",
    "AWS garbage",
    "AWS key:",
    "AWS :sig",
    "AWS  key:sig",
    "AWS key:a:b",
    "AWS key: sig",
    "AWS\tkey:sig",
  ])("%j is malformed", (text) => {
    expect(kindOf(authorization(text))).toMatch(/^(malformedV2Authorization|authorizationWithoutScheme)$/);
  });

  test.each([
    [-15 * minute, true],
    [15 * minute, true],
    [-15 * minute - 1, false],
    [15 * minute + 1, false],
  ])("a clock that is off by %i ms: accepted %s", (offsetMs, isAccepted) => {
    const outcome = authenticate(headOf(sign()), example.nowMs + offsetMs);
    expect(outcome.ok).toBe(isAccepted);
    if (!isAccepted) {
      expect(refusal(outcome)).toMatchObject({
        kind: "requestTimeTooSkewed",
        requestTime: "Fri, 24 May 2013 00:00:00 GMT",
      });
    }
  });

  test.each([
    ["Fri, 24 May 2013 00:00:00 GMT", true],
    ["Fri, 24 May 2013 00:00:00 +0000", true],
    ["Fri, 24 May 2013 02:00:00 +0200", true],
    ["20130524T000000Z", true],
    ["2013-05-24", false],
    ["", false],
  ])("date %j: accepted %s", (date, isAccepted) => {
    for (const name of ["date", "x-amz-date"]) {
      const outcome = authenticate(headOf(sign({ headers: { [name]: date } })));
      if (isAccepted) expect(outcome.ok).toBe(true);
      else expect(refusal(outcome).kind).toBe("missingDate");
    }
  });

  test("x-amz-date decides over Date", () => {
    const headers = { date: "Fri, 24 May 2013 00:00:00 GMT", "x-amz-date": "Fri, 24 May 2013 01:00:00 GMT" };
    expect(kindOf(headOf(sign({ headers })))).toBe("requestTimeTooSkewed");
    expect(authenticate(headOf(sign({ headers })), example.nowMs + 60 * minute).ok).toBe(true);
  });

  test("a payload hash holds; signed chunks have nothing to be chained to", () => {
    const with256 = (text: string) => headOf(sign({ method: "PUT", headers: { "x-amz-content-sha256": text } }));
    expect(accepted(authenticate(with256("0".repeat(64)))).payload).toEqual({
      kind: "hash",
      sha256Hex: "0".repeat(64),
    });
    expect(accepted(authenticate(with256("STREAMING-UNSIGNED-PAYLOAD-TRAILER"))).payload.kind).toBe(
      "streaming-unsigned-trailer",
    );
    expect(kindOf(with256("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"))).toBe("contentSha256NeedsSignature");
    expect(kindOf(with256("abc"))).toBe("invalidContentSha256");
  });
});

describe("the query form", () => {
  const withQuery = (edit: (query: string) => string) => {
    const head = headOf(presign());
    return { ...head, rawQuery: edit(head.rawQuery) };
  };

  test.each(["AWSAccessKeyId", "Signature", "Expires"])("%s must be there, with a value, once", (name) => {
    const parameter = new RegExp(`&?${name}=[^&]*`);
    expect(kindOf(withQuery((query) => query.replace(parameter, "")))).toBe("missingV2Parameters");
    expect(kindOf(withQuery((query) => query.replace(parameter, `&${name}=`)))).toBe("missingV2Parameters");
    expect(kindOf(withQuery((query) => `${query}&${name}=1`))).toBe("repeatedPresignParameter");
  });

  test.each(["soon", "1.5", "1e9", "0x10", "2147483648", "-2147483648", "99999999999", "+1", " 1"])(
    "Expires=%s is no time",
    (value) => {
      const head = headOf(presign({ presign: { expires: value } }));
      expect(refusal(parseSignature(head))).toEqual({ kind: "malformedV2Expires", value });
    },
  );

  test("no end is too far; before the first second everything has expired", () => {
    const ends = (value: number) => authenticate(headOf(presign({ presign: { expires: value } })));
    expect(ends(2_147_483_647).ok).toBe(true);
    for (const value of [0, -1, -2_147_483_647]) expect(refusal(ends(value)).kind).toBe("presignedExpired");
  });

  test("one mechanism only", () => {
    expect(kindOf(withQuery((query) => `${query}&X-Amz-Signature=0`))).toBe("severalMechanisms");
    const both = headOf(presign());
    const headers = new Map([...both.headers, ["authorization", "AWS a:b"]]) as ReadonlyMap<string, string>;
    expect(kindOf({ ...both, headers })).toBe("severalMechanisms");
  });
});

test("keys of any kind, by path and by host", () => {
  for (const key of ["a b", "a+b", "a%2Fb", "//", "é/ü~", "a%20b", "(x)'!*"]) {
    const path = key.split("/").map(encodeURIComponent).join("/");
    expect(authenticate(headOf(presign({ url: `https://h/b/${path}` }))).ok).toBe(true);
    const byHost = presign({ url: `https://b.h/${path}`, bucketOfHost: "b" });
    expect(authenticate({ ...headOf(byHost), bucketOfHost: "b" }).ok).toBe(true);
    expect(kindOf(headOf(byHost))).toBe("signatureDoesNotMatch");
  }
});

test("a path may arrive with other escapes than were signed", () => {
  const parts = presign({ url: "https://h/b/a%7Eb%2fc" });
  const arrived = { ...headOf(parts), rawPath: "/b/a~b%2Fc" };
  expect(kindOf(arrived)).toBe("signatureDoesNotMatch");
  const asAwsWrites = presign({ url: "https://h/b/a~b%2Fc" });
  expect(authenticate({ ...headOf(asAwsWrites), rawPath: "/b/a%7eb%2fc" }).ok).toBe(true);
});

test("a refusal says what we would have signed, and never the secret", () => {
  const parts = presign({ secret: "wrong" });
  const failure = refusal(authenticate(headOf(parts)));
  expect(failure).toEqual({
    kind: "signatureDoesNotMatch",
    subject: { part: "head" },
    accessKeyId: example.accessKeyId,
    signatureProvided: parts.signature,
    stringToSign: parts.stringToSign,
  });
  expect(JSON.stringify(failure)).not.toContain(example.secret);
  expect(JSON.stringify(failure)).not.toContain(presign().signature);
});

test("for an unknown key id the time is judged as for a known one, and no signature is accepted", () => {
  for (const parts of [presign({ secret: "a secret that no key has, as long as one" }), sign()]) {
    const head = headOf(parts);
    const signed = accepted(parseSignature(head)) as SignedV2Request;
    expect(spendVerification(signed, head, { nowMs: example.nowMs })).toEqual({ ok: true, value: null });
    const late = refusal(spendVerification(signed, head, { nowMs: example.nowMs + 16 * minute }));
    expect(late.kind).toBe(signed.via === "query" ? "presignedExpired" : "requestTimeTooSkewed");
  }
});

test("a request has twenty strings to sign at most, each of a size like its own", () => {
  const parts = sign({ url: "https://h/b+%2fc?acl&versionId=1", headers: { "x-amz-meta-a": "1, 2" } });
  const head = headOf(parts);
  const forms = [...stringsToSignV2(accepted(parseSignature(head)) as SignedV2Request, head)];
  expect(forms.length).toBeLessThanOrEqual(20);
  expect(new Set(forms).size).toBe(forms.length);
  for (const form of forms) expect(form.length).toBeLessThan(parts.stringToSign.length * 2);
});
