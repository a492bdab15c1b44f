import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { AwsChunkedDecoder } from "../../../src/auth/sigv4/aws-chunked-decoder.ts";
import { parseBodyFraming } from "../../../src/auth/sigv4/body-framing.ts";
import { canonicalRequests } from "../../../src/auth/sigv4/canonical-request.ts";
import type { RequestHead, SignedRequest } from "../../../src/auth/sigv4/request-head.ts";
import { deriveSigningKey } from "../../../src/auth/sigv4/signing-keys.ts";
import { signText } from "../../../src/auth/sigv4/verify-signature.ts";
import { accepted, authenticate, refusal } from "./support/request.ts";

const emptySha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const scope = "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request";
const host = "examplebucket.s3.amazonaws.com";

function authorization(signedHeaders: string, signature: string): string {
  return `AWS4-HMAC-SHA256 Credential=${scope},SignedHeaders=${signedHeaders},Signature=${signature}`;
}

interface Example {
  name: string;
  method: string;
  rawPath: string;
  rawQuery?: string;
  headers: Record<string, string>;
}

/** "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk", its four examples. */
const headerExamples: Example[] = [
  {
    name: "GET Object",
    method: "GET",
    rawPath: "/test.txt",
    headers: {
      range: "bytes=0-9",
      "x-amz-content-sha256": emptySha256,
      authorization: authorization(
        "host;range;x-amz-content-sha256;x-amz-date",
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
      ),
    },
  },
  {
    name: "PUT Object",
    method: "PUT",
    rawPath: "/test$file.text",
    headers: {
      date: "Fri, 24 May 2013 00:00:00 GMT",
      "x-amz-storage-class": "REDUCED_REDUNDANCY",
      "x-amz-content-sha256": "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
      authorization: authorization(
        "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
      ),
    },
  },
  {
    name: "GET Bucket Lifecycle",
    method: "GET",
    rawPath: "/",
    rawQuery: "lifecycle",
    headers: {
      "x-amz-content-sha256": emptySha256,
      authorization: authorization(
        "host;x-amz-content-sha256;x-amz-date",
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
      ),
    },
  },
  {
    name: "Get Bucket (List Objects)",
    method: "GET",
    rawPath: "/",
    rawQuery: "max-keys=2&prefix=J",
    headers: {
      "x-amz-content-sha256": emptySha256,
      authorization: authorization(
        "host;x-amz-content-sha256;x-amz-date",
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
      ),
    },
  },
];

function headOfExample({ method, rawPath, rawQuery = "", headers }: Example): RequestHead {
  return {
    method,
    rawPath,
    rawQuery,
    headers: new Map(Object.entries({ host, "x-amz-date": "20130524T000000Z", ...headers })),
  };
}

test.each(headerExamples)("AWS's example is accepted: $name", (example) => {
  const { signed } = accepted(authenticate(headOfExample(example)));
  expect(signed.accessKeyId).toBe("AKIAIOSFODNN7EXAMPLE");
  expect(signed.via).toBe("header");
});

test.each(headerExamples)("AWS's example with another method is refused: $name", (example) => {
  const failure = refusal(authenticate({ ...headOfExample(example), method: "DELETE" }));
  expect(failure.kind).toBe("signatureDoesNotMatch");
});

test("the canonical request of AWS's GET example has the hash that AWS publishes", () => {
  const head = headOfExample(headerExamples[0] as Example);
  const failure = refusal(authenticate(head, { secret: "another secret" }));
  expect(failure).toMatchObject({
    stringToSign:
      "AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n" +
      "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972",
  });
});

/** "Authenticating Requests: Using Query Parameters", its example. */
test("AWS's example of a presigned URL is accepted for a day", () => {
  const head: RequestHead = {
    method: "GET",
    rawPath: "/test.txt",
    rawQuery:
      "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3" +
      "%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host" +
      "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
    headers: new Map([["host", host]]),
  };
  const made = Date.UTC(2013, 4, 24);
  expect(accepted(authenticate(head)).signed.via).toBe("query");
  expect(authenticate(head, { nowMs: made + 86_399_000 }).ok).toBe(true);
  expect(refusal(authenticate(head, { nowMs: made + 86_400_000 })).kind).toBe("presignedExpired");
});

const data = Buffer.alloc(66_560, "a");

function chunkedHead(payload: string, signedHeaders: string, signature: string, more: Record<string, string>) {
  return headOfExample({
    name: "",
    method: "PUT",
    rawPath: "/examplebucket/chunkObject.txt",
    headers: {
      host: "s3.amazonaws.com",
      "x-amz-storage-class": "REDUCED_REDUNDANCY",
      "x-amz-content-sha256": payload,
      "content-encoding": "aws-chunked",
      "x-amz-decoded-content-length": "66560",
      ...more,
      authorization: authorization(signedHeaders, signature),
    },
  });
}

function chunkedBody(signatures: [string, string, string], end: string): Buffer {
  const [first, second, last] = signatures;
  return Buffer.concat([
    Buffer.from(`10000;chunk-signature=${first}\r\n`),
    data.subarray(0, 65_536),
    Buffer.from(`\r\n400;chunk-signature=${second}\r\n`),
    data.subarray(65_536),
    Buffer.from(`\r\n0;chunk-signature=${last}\r\n${end}\r\n`),
  ]);
}

function decode(head: RequestHead, body: Uint8Array) {
  const { signed, verified } = accepted(authenticate(head));
  const framing = accepted(parseBodyFraming(head.headers, signed.payload));
  if (framing.kind !== "aws-chunked") throw new Error(framing.kind);
  const decoder = new AwsChunkedDecoder(framing, verified);
  const pieces = decoder.push(body);
  return { pieces, trailers: decoder.end() };
}

/** "… Transferring Payload in Multiple Chunks (Chunked Upload)", its example. */
test("AWS's example of a chunked upload is accepted, head and chunks", () => {
  const head = chunkedHead(
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;" +
      "x-amz-storage-class",
    "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    { "content-length": "66824" },
  );
  const signatures: [string, string, string] = [
    "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
  ];
  const body = chunkedBody(signatures, "");
  expect(body.length).toBe(66_824);
  const { pieces, trailers } = decode(head, body);
  expect(Buffer.concat(pieces).equals(data)).toBe(true);
  expect(accepted(trailers).size).toBe(0);
});

/** "… Including Trailing Headers (Chunked Upload)", its example. */
test("AWS's example of a chunked upload with a trailer is accepted, head, chunks and trailer", () => {
  const head = chunkedHead(
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;" +
      "x-amz-trailer",
    "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
    { "x-amz-trailer": "x-amz-checksum-crc32c" },
  );
  const signatures: [string, string, string] = [
    "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
    "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
    "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
  ];
  const end =
    "x-amz-checksum-crc32c:sOO8/Q==\r\n" +
    "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n";
  const { pieces, trailers } = decode(head, chunkedBody(signatures, end));
  expect(Buffer.concat(pieces).equals(data)).toBe(true);
  expect([...accepted(trailers)]).toEqual([["x-amz-checksum-crc32c", "sOO8/Q=="]]);

  const altered = decode(head, chunkedBody(signatures, end.replace("sOO8", "sOO9")));
  expect(refusal(altered.trailers)).toMatchObject({ kind: "signatureDoesNotMatch", subject: { part: "trailer" } });
});

/**
 * Cases of AWS's generic Signature Version 4 test suite that S3's rules share: all but those of normalised paths, of
 * session tokens and of header lines that are folded. Their service is called "service".
 */
const suite: { name: string; method?: string; path?: string; query?: string; my?: [string, string][]; sign: string }[] =
  [
    { name: "get-vanilla", sign: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
    {
      name: "get-vanilla-empty-query-key",
      query: "Param1=value1",
      sign: "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
    },
    {
      name: "get-vanilla-query-order-key",
      query: "Param1=value2&Param1=Value1",
      sign: "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1",
    },
    {
      name: "get-vanilla-query-order-key-case",
      query: "Param2=value2&Param1=value1",
      sign: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    },
    {
      name: "get-vanilla-query-order-value",
      query: "Param1=value2&Param1=value1",
      sign: "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694",
    },
    {
      name: "get-vanilla-query-unreserved",
      query:
        "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=" +
        "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
      sign: "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
    },
    {
      name: "get-vanilla-utf8-query",
      query: "ሴ=bar",
      sign: "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
    },
    {
      name: "get-unreserved",
      path: "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
      sign: "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
    },
    { name: "get-utf8", path: "/ሴ", sign: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85" },
    {
      name: "get-header-key-duplicate",
      my: [["my-header1", "value2, value2, value1"]],
      sign: "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
    },
    {
      name: "get-header-value-order",
      my: [["my-header1", "value4, value1, value3, value2"]],
      sign: "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01",
    },
    {
      name: "get-header-value-trim",
      my: [
        ["my-header1", " value1"],
        ["my-header2", ' "a   b   c"'],
      ],
      sign: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
    },
    {
      name: "post-vanilla",
      method: "POST",
      sign: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    },
    {
      name: "post-vanilla-query",
      method: "POST",
      query: "Param1=value1",
      sign: "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
    },
    {
      name: "post-header-value-case",
      method: "POST",
      my: [["my-header1", "VALUE1"]],
      sign: "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
    },
  ];

test.each(suite)("test suite: $name", ({ method = "GET", path = "/", query = "", my = [], sign }) => {
  const head: RequestHead = {
    method,
    rawPath: path,
    rawQuery: query,
    headers: new Map([["host", "example.amazonaws.com"], ...my, ["x-amz-date", "20150830T123600Z"]]),
  };
  const suiteScope = { date: "20150830", region: "us-east-1", service: "service" };
  const signed = { via: "header", signedHeaders: [...head.headers.keys()], payloadText: emptySha256 };
  const key = deriveSigningKey("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", suiteScope as never);
  const signatures = [...canonicalRequests(signed as unknown as SignedRequest, head)].map(({ text }) =>
    signText(
      key,
      "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n" +
        createHash("sha256").update(text).digest("hex"),
    ),
  );
  expect(signatures).toContain(sign);
});
