import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { type SessionClaims, Sessions } from "../../../src/auth/keys/sessions.ts";
import { rootSealer } from "../../../src/sealing/root-sealer.ts";

const random = (count: number) => new Uint8Array(randomBytes(count));
const sessions = new Sessions(rootSealer(["root"], random), random);
const claims: SessionClaims = {
  accountId: "100000000001",
  owner: { kind: "role", id: "AROAX", sessionName: "deploy" },
  policy: null,
  policyArns: ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"],
  tags: [["team", "red"]],
  transitiveTagKeys: ["team"],
  sourceIdentity: "ann",
  issuedMs: 1_700_000_000_999,
  expiresMs: 1_700_003_600_999,
};

test("a token says what was sealed into it, in whole seconds", () => {
  const { accessKeyId, secretAccessKey, sessionToken, expiresMs } = sessions.mint(claims);
  expect(accessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/);
  expect(secretAccessKey).toHaveLength(40);
  expect(expiresMs).toBe(1_700_003_600_000);
  const opened = sessions.open(accessKeyId, sessionToken);
  expect(opened).toEqual({
    secret: secretAccessKey,
    claims: { ...claims, issuedMs: 1_700_000_000_000, expiresMs: 1_700_003_600_000 },
  });
});

test("a token is of one key id and one server, and no part of it can be altered", () => {
  const [one, two] = [sessions.mint(claims), sessions.mint(claims)];
  expect(sessions.open(two.accessKeyId, one.sessionToken)).toBeNull();
  const elsewhere = new Sessions(rootSealer(["another"], random), random);
  expect(elsewhere.open(one.accessKeyId, one.sessionToken)).toBeNull();
  for (let at = 0; at < one.sessionToken.length; at++) {
    const other = one.sessionToken[at] === "Q" ? "R" : "Q";
    const altered = one.sessionToken.slice(0, at) + other + one.sessionToken.slice(at + 1);
    expect(sessions.open(one.accessKeyId, altered)).toBeNull();
  }
  for (const token of ["", "token", "A".repeat(100), "A".repeat(1_000_000)]) {
    expect(sessions.open(one.accessKeyId, token)).toBeNull();
  }
});
