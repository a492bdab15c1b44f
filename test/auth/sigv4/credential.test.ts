import { expect, it } from "vitest";
import { parseCredential } from "../../../src/auth/sigv4/credential.ts";

const credential = (region: string) => parseCredential(`AKID/20261129/${region}/s3/aws4_request`, "header");

it.each(["us-east-1", "auto", "EU", "moon_south-7", "x".repeat(64)])("takes the region %s", (region) => {
  expect(credential(region)).toMatchObject({ ok: true, value: { scope: { region } } });
});

it.each(["", "r:100000000001:dev-x", "*", "us-east-?", "a b", "x".repeat(65)])("takes no region %j", (region) => {
  expect(credential(region)).toMatchObject({
    ok: false,
    failure: { kind: "malformedCredential", detail: { problem: "shape" } },
  });
});
