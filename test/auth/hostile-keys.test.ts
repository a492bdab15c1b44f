import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AuthenticationError } from "../../src/auth/authentication-error.ts";
import { Authenticator } from "../../src/auth/authenticator.ts";
import type { RequestHead } from "../../src/auth/sigv4/request-head.ts";
import { commonSigningRules, s3SigningRules } from "../../src/auth/sigv4/signing-rules.ts";
import { signForm } from "../support/form.ts";
import { People } from "../support/people.ts";
import { type SignerInput, signRequest, splitUrl } from "../support/signer.ts";
import { signRequestV2 } from "../support/signer-v2.ts";
import { openTestStore, type TestStore } from "../support/store.ts";

const MUTATIONS = 100;
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);

let rig: TestStore;
let authenticator: Authenticator;
let user: { accessKeyId: string; secret: string };
let session: { accessKeyId: string; secret: string; sessionToken: string };
let nowMs: number;
const facts = { context: () => undefined, now: () => nowMs };

beforeAll(async () => {
  rig = await openTestStore();
  nowMs = rig.store.clock.now();
  const people = new People(rig.store);
  user = await people.user();
  const id = await people.entity("role");
  const made = people.session({ kind: "role", id, sessionName: "app" });
  session = { accessKeyId: made.accessKeyId, secret: made.secretAccessKey, sessionToken: made.sessionToken };
  authenticator = new Authenticator(people.keys.ring);
});
afterAll(() => rig.dispose());

/** A generator of the same numbers for the same seed. */
function numbers(from: number): (below: number) => number {
  let state = from >>> 0 || 1;
  return (below) => {
    state = Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e3779b9;
    state >>>= 0;
    return state % below;
  };
}

/** The text with one of its letters or digits another one, and what that means still another. */
function mutate(text: string, next: (below: number) => number): string {
  const places = [...text].flatMap((char, at) => (/[A-Za-z0-9]/.test(char) ? [at] : []));
  const at = places[next(places.length)] ?? 0;
  const other = "AbCdEfGh1234567890".replaceAll(text.charAt(at).toLowerCase(), "").charAt(next(12));
  const char = other.toLowerCase() === text.charAt(at).toLowerCase() ? "z" : other;
  return text.slice(0, at) + (char === text.charAt(at) ? "y" : char) + text.slice(at + 1);
}

function headOf({
  method,
  url,
  headers,
}: {
  method: string;
  url: string;
  headers: Record<string, string>;
}): RequestHead {
  const { path, query } = splitUrl(url);
  return { method, rawPath: path, rawQuery: query, headers: new Map(Object.entries(headers)) };
}

/** One part of the head is another: the method, the path, the query, or the value of a header. */
function mutateHead(head: RequestHead, next: (below: number) => number): RequestHead {
  const parts: (() => RequestHead)[] = [
    () => ({ ...head, method: head.method === "GET" ? "PUT" : "GET" }),
    () => ({ ...head, rawPath: mutate(head.rawPath, next) }),
  ];
  if (head.rawQuery !== "") parts.push(() => ({ ...head, rawQuery: mutate(head.rawQuery, next) }));
  for (const [name, value] of head.headers) {
    // The length is the connection's business; what the body must be is said by its digest.
    if (name === "content-length") continue;
    parts.push(() => ({ ...head, headers: new Map([...head.headers, [name, mutate(value, next)]]) }));
  }
  return (parts[next(parts.length)] as () => RequestHead)();
}

const forms: [name: string, sign: (key: Partial<SignerInput>) => RequestHead, withTokens: boolean][] = [
  ["Version 4, header", (key) => headOf(signRequest({ ...request(), ...key })), true],
  [
    "Version 4, presigned",
    (key) => headOf(signRequest({ ...request(), ...key, presign: { expiresSeconds: 600 } })),
    true,
  ],
  ["Version 2, header", (key) => headOf(signRequestV2({ ...request(), ...(key as typeof user), headers: {} })), false],
  [
    "Version 2, presigned",
    (key) => {
      const expires = Math.floor(nowMs / 1000) + 600;
      return headOf(signRequestV2({ ...request(), ...(key as typeof user), headers: {}, presign: { expires } }));
    },
    false,
  ],
];

const request = () => ({
  method: "GET",
  url: "http://sherd.test/bucket/key?versionId=abc",
  headers: { "x-amz-meta-a": "value" },
  ...user,
  nowMs,
});

describe(`a hundred mutations of each signed form, none accepted (SEED=${seed})`, () => {
  for (const [name, sign, withTokens] of forms) {
    for (const kind of withTokens ? ["a user's key", "a session"] : ["a user's key"]) {
      test(`${name}, ${kind}`, async () => {
        const key = kind === "a session" ? session : user;
        const good = sign(key);
        const accepted = await authenticator.head(good, s3SigningRules, facts);
        expect(accepted.caller.accessKeyId).toBe(key.accessKeyId);
        const next = numbers(seed + name.length + kind.length);
        for (let count = 0; count < MUTATIONS; count++) {
          const bad = mutateHead(good, next);
          // Version 2 covers neither the host nor the kinds of headers that it does not name.
          if (name.startsWith("Version 2") && bad.headers.get("host") !== good.headers.get("host")) continue;
          await expect(
            authenticator.head(bad, s3SigningRules, facts),
            JSON.stringify([...bad.headers, bad]),
          ).rejects.toThrow(AuthenticationError);
        }
      });
    }
  }

  test.each(["a user's key", "a session"])("a form of IAM's, %s: its body is part of the signature", async (kind) => {
    const key = kind === "a session" ? session : user;
    const body = "Action=ListUsers&Version=2010-05-08";
    const url = "http://sherd.test/";
    const parts = signRequest({ method: "POST", url, body, service: "iam", ...key, nowMs });
    const rules = commonSigningRules("iam");
    const digest = parts.headers["x-amz-content-sha256"] as string;
    const good = { ...headOf(parts), bodySha256Hex: digest };
    expect((await authenticator.head(good, rules, facts)).caller.accessKeyId).toBe(key.accessKeyId);
    const next = numbers(seed);
    for (let count = 0; count < MUTATIONS; count++) {
      const bad = count % 4 === 0 ? { ...good, bodySha256Hex: mutate(digest, next) } : mutateHead(good, next);
      // What the header says of the body counts for nothing by itself, but it is signed.
      await expect(authenticator.head(bad, rules, facts)).rejects.toThrow(AuthenticationError);
    }
    // A signature for one service is none for another.
    await expect(authenticator.head(good, commonSigningRules("sts"), facts)).rejects.toThrow(AuthenticationError);
    await expect(authenticator.head(good, s3SigningRules, facts)).rejects.toThrow(AuthenticationError);
  });

  test.each([
    ["Version 4, a user's key", false, false],
    ["Version 2, a user's key", true, false],
    ["Version 4, a session", false, true],
  ])("a form that uploads: %s", async (_, version2, isSession) => {
    const key = isSession ? session : user;
    const token = isSession ? { "x-amz-security-token": session.sessionToken } : {};
    const conditions = [{ bucket: "bucket" }, ...(isSession ? [token] : [])];
    const signed = signForm({ ...key, nowMs, conditions, version2 });
    const fields = new Map(Object.entries({ ...signed, ...token }).map(([name, value]) => [name.toLowerCase(), value]));
    expect((await authenticator.form(fields, facts)).caller.accessKeyId).toBe(key.accessKeyId);
    const next = numbers(seed + 7);
    const covered = [...fields.keys()].filter((name) => !["x-amz-date", "x-amz-algorithm"].includes(name));
    for (let count = 0; count < MUTATIONS; count++) {
      const name = covered[next(covered.length)] as string;
      const bad = new Map([...fields, [name, mutate(fields.get(name) as string, next)]]);
      await expect(authenticator.form(bad, facts)).rejects.toThrow(AuthenticationError);
    }
  });
});

describe("temporary credentials", () => {
  test("end on the second", async () => {
    const good = (atMs: number) => {
      nowMs = atMs;
      return headOf(signRequest({ ...request(), ...session, nowMs: atMs }));
    };
    const expiresMs = (Math.floor(rig.store.clock.now() / 1000) + 3600) * 1000;
    const before = nowMs;
    // The clock of the test decides: an hour after the session was made, give or take the second it was made in.
    let last = 0;
    for (let atMs = expiresMs - 120_000; atMs <= expiresMs + 2_000; atMs += 1_000) {
      const head = good(atMs);
      const outcome = await authenticator.head(head, s3SigningRules, facts).then(
        () => "accepted",
        (error: AuthenticationError) => error.failure.kind,
      );
      if (outcome === "accepted") last = atMs;
      else expect(outcome).toBe("expiredToken");
    }
    expect(last).toBeGreaterThanOrEqual(expiresMs - 120_000);
    expect(last).toBeLessThan(expiresMs + 1_000);
    nowMs = before;
  });

  test("are nothing without their token, with another's, or with a token that is none", async () => {
    for (const sessionToken of [undefined, "", "token", `${session.sessionToken}A`]) {
      const { sessionToken: _, ...bare } = session;
      const key = sessionToken === undefined ? bare : { ...bare, sessionToken };
      const head = headOf(signRequest({ ...request(), ...key }));
      await expect(authenticator.head(head, s3SigningRules, facts)).rejects.toThrow(AuthenticationError);
    }
    // A long-lived key has no token.
    const head = headOf(signRequest({ ...request(), sessionToken: session.sessionToken }));
    await expect(authenticator.head(head, s3SigningRules, facts)).rejects.toMatchObject({
      failure: { kind: "invalidToken" },
    });
  });

  test("cannot be given as a password", async () => {
    await expect(authenticator.password(session.accessKeyId, session.secret, facts)).rejects.toThrow(
      AuthenticationError,
    );
    expect((await authenticator.password(user.accessKeyId, user.secret, facts)).accessKeyId).toBe(user.accessKeyId);
    await expect(authenticator.password(user.accessKeyId, `${user.secret} `, facts)).rejects.toThrow(
      AuthenticationError,
    );
    await expect(authenticator.password(user.accessKeyId, "", facts)).rejects.toThrow(AuthenticationError);
  });
});
