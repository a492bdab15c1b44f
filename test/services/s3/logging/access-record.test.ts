import { describe, expect, it, test } from "vitest";
import { cutUrl } from "../../../../src/edge/raw-url.ts";
import type { EndedExchange } from "../../../../src/edge/service.ts";
import type { AccessRecord } from "../../../../src/logging/line.ts";
import { accessRecord, loggedTarget } from "../../../../src/services/s3/logging/access-record.ts";

function ended(pathAndQuery: string, headers: Record<string, string> = {}): EndedExchange {
  const request = new Request("http://s3.test/", { headers });
  return {
    about: {
      ...{ request, pieces: null, url: cutUrl(`http://s3.test${pathAndQuery}`), requestId: "1", hostId: "2" },
      ...{ receivedMs: 0, operation: "GetObject" },
    },
    ...{ response: new Response(null, { status: 200 }), clientAddress: null, endedMs: 5 },
  };
}

function recordOf(pathAndQuery: string, headers: Record<string, string> = {}): AccessRecord {
  const exchange = ended(pathAndQuery, headers);
  const target = loggedTarget(exchange, []);
  if (target === null) throw new Error(`${pathAndQuery} is about no bucket`);
  return accessRecord(exchange, target);
}

describe("what would let a reader repeat the request is not logged", () => {
  const secrets = [
    ...["X-Amz-Signature", "X-Amz-Security-Token", "X-Amz-Credential", "Signature", "AWSAccessKeyId"],
    ...["x-amz-server-side-encryption-customer-key", "x-amz-copy-source-server-side-encryption-customer-key"],
    ...["x-amz-signature", "X-AMZ-SERVER-SIDE-ENCRYPTION-CUSTOMER-KEY"],
    ...["X-Amz%2DSignature", "%53ignature", "x-amz-server-side-encryption-customer%2dkey"],
  ];
  it.each(secrets)("the value of %s", (name) => {
    const query = `?versionId=v&${name}=c2VjcmV0&x=1`;
    const { requestLine, referer } = recordOf(`/box/k${query}`, { referer: `http://s3.test/box/k${query}` });
    expect(requestLine).toBe(`GET /box/k?versionId=v&${name}=REDACTED&x=1 HTTP/1.1`);
    expect(referer).toBe(`http://s3.test/box/k?versionId=v&${name}=REDACTED&x=1`);
  });

  it("also where a value has an equals sign, or the parameter comes twice", () => {
    const name = "x-amz-server-side-encryption-customer-key";
    expect(recordOf(`/box/k?${name}=abc==&${name}=def=`).requestLine).toBe(
      `GET /box/k?${name}=REDACTED&${name}=REDACTED HTTP/1.1`,
    );
  });

  it("and everything else is, as it was sent", () => {
    const query = "x-amz-server-side-encryption-customer-key-MD5=a&X-Amz-SignedHeaders=host&Signatures=b&flag&=c&%FF=d";
    const { requestLine, referer } = recordOf(`/box/k?${query}`, { referer: "http://page.test/a" });
    expect(requestLine).toBe(`GET /box/k?${query} HTTP/1.1`);
    expect(referer).toBe("http://page.test/a");
  });
});

test("a query that S3 cannot read is logged", () => {
  const record = recordOf("/box/k?x=%FF&versionId=%E9&X-Amz-Signature=s");
  expect(record.requestLine).toBe("GET /box/k?x=%FF&versionId=%E9&X-Amz-Signature=REDACTED HTTP/1.1");
  expect(record.authentication).toBe("QueryString");
});

test("a client's texts are cut when they are taken", () => {
  const long = "a".repeat(20_000);
  const { requestLine, referer, userAgent } = recordOf(`/box/k?${long}`, {
    referer: `http://page.test/?${long}`,
    "user-agent": long,
  });
  expect([requestLine, referer, userAgent].map((text) => text?.length)).toEqual([8_192, 8_192, 8_192]);
});

test.each(["/", `/${"a".repeat(16_000)}`, "/B%20x/k", "/%FF/k", "/a", `/box/${"k".repeat(1_025)}`])(
  "nothing is about a bucket in %s",
  (path) => {
    expect(loggedTarget(ended(path), [])).toBeNull();
  },
);
