import { expect, it } from "vitest";
import { objectLocation } from "../../../../src/services/s3/objects/location.ts";

it.each([
  ["localhost:9000", undefined, "http://localhost:9000/bucket/a%20b/%C3%A4"],
  ["s3.example.org", "https", "https://s3.example.org/bucket/a%20b/%C3%A4"],
  ["bucket.s3.example.org", "https", "https://bucket.s3.example.org/a%20b/%C3%A4"],
])("of a request to %s over %s is %s", (host, proto, location) => {
  const headers = new Headers({ host, ...(proto && { "x-forwarded-proto": proto }) });
  expect(objectLocation(headers, "bucket", "a b/ä")).toBe(location);
});
