import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { firstAccount } from "../../../../src/auth/principal.ts";
import {
  allowing,
  nobody,
  otherAccount,
  otherRoot,
  root,
  type S3As,
  type S3Request,
  s3As,
  user,
} from "../../../support/s3-as.ts";
import { buildStore, openTestStore, type TestStore } from "../../../support/store.ts";

let rig: TestStore;
let asRoot: S3As;
beforeEach(async () => {
  rig = await openTestStore();
  asRoot = s3As(rig.store, root);
  await done({ method: "PUT", path: "/site" });
  await done({ method: "PUT", path: "/site/public/page", body: "hello" });
  await done({ method: "PUT", path: "/site/private/page", body: "secret" });
});
afterEach(() => rig.dispose());

async function done(request: S3Request, as = asRoot): Promise<string> {
  const { status, text } = await as(request);
  if (status >= 300) throw new Error(`${request.method} ${request.path}: ${status} ${text}`);
  return text;
}

interface StatementParts {
  Effect?: string;
  Principal?: unknown;
  Action?: unknown;
  Resource?: unknown;
  Condition?: unknown;
}

const statement = (parts: StatementParts) => ({
  Effect: "Allow",
  Principal: "*",
  Action: "s3:GetObject",
  Resource: "arn:aws:s3:::site/*",
  ...parts,
});
const policyOf = (...statements: StatementParts[]) =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements.map(statement) });
const putPolicy = (policy: string, as = asRoot) => as({ method: "PUT", path: "/site?policy", body: policy });
const unblock = () => done({ method: "DELETE", path: "/site?publicAccessBlock" });
const outcome = async (as: S3As, path: string, method = "GET", body?: string) => {
  const { status, code } = await as({ path, method, ...(body !== undefined && { body }) });
  return code === "" ? status : `${status} ${code}`;
};

describe("the document", () => {
  test("comes back as it was put, and goes", async () => {
    const policy = ` ${policyOf({ Principal: { AWS: firstAccount.accountId } })}\n`.trimStart();
    expect((await putPolicy(policy)).status).toBe(204);
    expect(await asRoot({ path: "/site?policy" })).toMatchObject({
      text: policy,
      headers: { "Content-Type": "application/json" },
    });
    expect(await outcome(asRoot, "/site?policy", "DELETE")).toBe(204);
    expect(await outcome(asRoot, "/site?policy", "DELETE")).toBe(204);
    expect(await outcome(asRoot, "/site?policy")).toBe("404 NoSuchBucketPolicy");
    expect(await outcome(asRoot, "/site?policyStatus")).toBe("404 NoSuchBucketPolicy");
  });

  test.each([
    ["no JSON", "{", "MalformedPolicy"],
    ["a list", "[]", "MalformedPolicy"],
    ["another bucket's", policyOf({ Resource: "arn:aws:s3:::other/*" }), "MalformedPolicy"],
    ["no principal", JSON.stringify(allowing("s3:GetObject", "arn:aws:s3:::site/*")), "MalformedPolicy"],
    ["another service's action", policyOf({ Action: "iam:ListUsers" }), "MalformedPolicy"],
    ["nothing", "", "MissingRequestBodyError"],
    [
      "more than 20 KB",
      policyOf({ Condition: { StringEquals: { "aws:UserAgent": "x".repeat(20_480) } } }),
      "MalformedPolicy",
    ],
    ["more than anybody reads", " ".repeat(200_000), "MaxMessageLengthExceeded"],
  ])("is refused if it is %s, and nothing is stored", async (_, policy, code) => {
    await unblock();
    expect(await outcome(asRoot, "/site?policy", "PUT", policy)).toBe(`400 ${code}`);
    expect(await outcome(asRoot, "/site?policy")).toBe("404 NoSuchBucketPolicy");
  });

  test("the message names what is wrong in S3's words", async () => {
    await unblock();
    const { text } = await putPolicy(policyOf({ Resource: "arn:aws:s3:::other/*" }));
    expect(text).toContain("<Message>Policy has invalid resource</Message>");
  });

  test.each([
    [policyOf({}), true],
    [policyOf({ Principal: { AWS: otherAccount.accountId } }), false],
    [policyOf({ Condition: { IpAddress: { "aws:SourceIp": "203.0.113.0/24" } } }), false],
  ])("is public or not: %s", async (policy, isPublic) => {
    await unblock();
    await putPolicy(policy);
    expect(await done({ path: "/site?policyStatus" })).toContain(`<IsPublic>${isPublic}</IsPublic>`);
  });
});

describe("what it does", () => {
  test("lets in callers without a key, to what it names and no further", async () => {
    await unblock();
    await putPolicy(policyOf({ Resource: "arn:aws:s3:::site/public/*" }));
    const as = s3As(rig.store, nobody);
    expect((await as({ path: "/site/public/page" })).text).toBe("hello");
    expect(await outcome(as, "/site/public/page", "HEAD")).toBe(200);
    expect(await outcome(as, "/site/private/page")).toBe("403 AccessDenied");
    expect(await outcome(as, "/site/public/page", "PUT", "mine")).toBe("403 AccessDenied");
    expect(await outcome(as, "/site/public/page", "DELETE")).toBe("403 AccessDenied");
    expect(await outcome(as, "/site")).toBe("403 AccessDenied");
    expect(await outcome(as, "/site?policy")).toBe("403 AccessDenied");
  });

  test("of what is not there, only those are told who may list the bucket", { tags: ["slow"] }, async () => {
    await unblock();
    const as = s3As(rig.store, nobody);
    await putPolicy(policyOf({}));
    expect(await outcome(as, "/site/absent")).toBe("403 AccessDenied");
    expect(await outcome(as, "/site/public/page?versionId=null")).toBe("403 AccessDenied");
    await putPolicy(policyOf({}, { Action: "s3:ListBucket", Resource: "arn:aws:s3:::site" }));
    expect(await outcome(as, "/site/absent")).toBe("404 NoSuchKey");
    expect(await outcome(as, "/absent-bucket/absent")).toBe("404 NoSuchBucket");
    expect(await outcome(as, "/absent-bucket", "PUT")).toBe("403 AccessDenied");
  });

  test("a Deny holds for everybody, the owner's root too", async () => {
    await putPolicy(policyOf({ Effect: "Deny", Resource: "arn:aws:s3:::site/private/*" }));
    expect(await outcome(asRoot, "/site/private/page")).toBe("403 AccessDenied");
    expect(await outcome(asRoot, "/site/public/page")).toBe(200);
  });

  test("the owner's root can always see, put and delete the policy; its users and other accounts cannot", async () => {
    await putPolicy(
      policyOf({ Effect: "Deny", Action: "s3:*", Resource: ["arn:aws:s3:::site", "arn:aws:s3:::site/*"] }),
    );
    expect(await outcome(asRoot, "/site/public/page")).toBe("403 AccessDenied");
    const admin = s3As(rig.store, user(firstAccount, [allowing("s3:*")]));
    for (const as of [admin, s3As(rig.store, otherRoot)]) {
      expect(await outcome(as, "/site?policy")).toBe("403 AccessDenied");
      expect(await outcome(as, "/site?policy", "DELETE")).toBe("403 AccessDenied");
    }
    expect(await outcome(asRoot, "/site?policy")).toBe(200);
    expect(await outcome(asRoot, "/site?policy", "PUT", policyOf({ Effect: "Deny" }))).toBe(204);
    expect(await outcome(asRoot, "/site?policy", "DELETE")).toBe(204);
    expect(await outcome(asRoot, "/site/public/page")).toBe(200);
  });

  test("another account needs both sides", { tags: ["slow"] }, async () => {
    const allowed = s3As(rig.store, user(otherAccount, [allowing("s3:*")]));
    const bare = s3As(rig.store, user(otherAccount, []));
    expect(await outcome(allowed, "/site/public/page")).toBe("403 AccessDenied");
    await putPolicy(policyOf({ Principal: { AWS: otherAccount.accountId } }));
    expect(await outcome(allowed, "/site/public/page")).toBe(200);
    expect(await outcome(bare, "/site/public/page")).toBe("403 AccessDenied");
    expect(await outcome(s3As(rig.store, otherRoot), "/site/public/page")).toBe(200);
    expect(await outcome(allowed, "/site")).toBe("403 AccessDenied");
  });

  test("a copy from another account's bucket reads there and writes here", async () => {
    const other = s3As(rig.store, otherRoot);
    await done({ method: "PUT", path: "/theirs" }, other);
    const copy = { method: "PUT", path: "/theirs/copy", headers: { "x-amz-copy-source": "/site/public/page" } };
    expect((await other(copy)).code).toBe("AccessDenied");
    await putPolicy(policyOf({ Principal: { AWS: `arn:aws:iam::${otherAccount.accountId}:root` } }));
    expect((await other(copy)).status).toBe(200);
    expect(await done({ path: "/theirs/copy" }, other)).toBe("hello");
    expect(await outcome(asRoot, "/theirs/copy")).toBe("403 AccessDenied");
    expect(await outcome(asRoot, "/theirs", "PUT")).toBe("409 BucketAlreadyExists");
    expect(await outcome(other, "/theirs", "PUT")).toBe("409 BucketAlreadyOwnedByYou");
    expect(await done({ path: "/" }, other)).not.toContain("<Name>site</Name>");
  });
});

describe("x-amz-expected-bucket-owner", () => {
  const expecting = (name: string, value: string) => ({ path: "/site/public/page", headers: { [name]: value } });

  test("is the account's id", async () => {
    const name = "x-amz-expected-bucket-owner";
    expect((await asRoot(expecting(name, firstAccount.accountId))).status).toBe(200);
    expect((await asRoot(expecting(name, otherAccount.accountId))).code).toBe("AccessDenied");
    expect((await asRoot(expecting(name, firstAccount.canonicalId))).code).toBe("InvalidBucketOwnerAWSAccountID");
  });

  test("of a copy's source too", { tags: ["slow"] }, async () => {
    const copy = (expected: string) => ({
      method: "PUT",
      path: "/site/copy",
      headers: { "x-amz-copy-source": "/site/public/page", "x-amz-source-expected-bucket-owner": expected },
    });
    expect((await asRoot(copy(otherAccount.accountId))).code).toBe("AccessDenied");
    expect(await outcome(asRoot, "/site/copy")).toBe("404 NoSuchKey");
    expect((await asRoot(copy(firstAccount.accountId))).status).toBe(200);
  });
});

describe("what another isolate has changed", () => {
  const deny = policyOf({
    Effect: "Deny",
    Action: [
      "s3:PutObject",
      "s3:GetObject",
      "s3:DeleteObject",
      "s3:PutObjectTagging",
      "s3:ListBucket",
      "s3:PutBucketCORS",
    ],
    Resource: ["arn:aws:s3:::site", "arn:aws:s3:::site/*"],
  });
  const CORS =
    "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>";
  const TAGGING = "<Tagging><TagSet/></Tagging>";
  const requests: S3Request[] = [
    { path: "/site/public/page" },
    { path: "/site" },
    { method: "PUT", path: "/site/public/page", body: "new" },
    { method: "PUT", path: "/site/large", body: "x".repeat(100_000) },
    { method: "DELETE", path: "/site/public/page" },
    { method: "PUT", path: "/site?cors", body: CORS },
    { method: "PUT", path: "/site/public/page?tagging", body: TAGGING },
    { method: "PUT", path: "/site/copy", headers: { "x-amz-copy-source": "/site/public/page" } },
    { method: "POST", path: "/site/new?uploads" },
  ];

  test.each(requests)("a new Deny holds at once, whatever is remembered: $method $path", async (request) => {
    const elsewhere = s3As(buildStore({ drives: rig.drives, engine: rig.store.engine, d1: rig.d1 }), root);
    // Remembers the bucket, without a policy.
    await done({ method: "PUT", path: "/site/other", body: "x" });
    expect((await putPolicy(deny, elsewhere)).status).toBe(204);
    expect((await asRoot(request)).code).toBe("AccessDenied");
    expect((await elsewhere({ method: "DELETE", path: "/site?policy" })).status).toBe(204);
    expect((await asRoot(request)).code).toBe("");
  });
});
