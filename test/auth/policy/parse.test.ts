// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policies have variables of this form
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeForIam, describeForS3 } from "../../../src/auth/policy/describe-failure.ts";
import type { PolicyFailure, PolicyPlace } from "../../../src/auth/policy/failure.ts";
import { countedCharacters, policyLimits } from "../../../src/auth/policy/limits.ts";
import { parsePolicy } from "../../../src/auth/policy/parse.ts";

const identity: PolicyPlace = { kind: "identity" };
const trust: PolicyPlace = { kind: "trust" };
const bucket: PolicyPlace = { kind: "bucket", bucket: "holiday" };
const queue: PolicyPlace = { kind: "resource", arn: "arn:aws:sqs:us-east-1:111111111111:jobs" };

const valid: Record<string, object> = {
  identity: { Effect: "Allow", Action: "s3:GetObject", Resource: "*" },
  managed: { Effect: "Allow", Action: "s3:GetObject", Resource: "*" },
  session: { Effect: "Allow", Action: "s3:GetObject", Resource: "*" },
  trust: { Effect: "Allow", Principal: { AWS: "111111111111" }, Action: "sts:AssumeRole" },
  bucket: { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::holiday/*" },
  resource: { Effect: "Allow", Principal: "*", Action: "sqs:SendMessage", Resource: "*" },
};

/** A policy of one valid statement with something else in it; `undefined` takes an element out. */
function changed(place: PolicyPlace, change: object): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: [{ ...valid[place.kind], ...change }] });
}

function failureOf(text: string, place: PolicyPlace): PolicyFailure | null {
  const parsed = parsePolicy(text, place);
  return parsed.ok ? null : parsed.failure;
}

describe("accepted", () => {
  test.each(Object.keys(valid))("the smallest %s policy", (kind) => {
    const place = [identity, trust, bucket, queue].find((one) => one.kind === kind) ?? ({ kind } as PolicyPlace);
    const text = changed(place, {});
    const parsed = parsePolicy(text, place);
    expect(parsed).toMatchObject({ ok: true, policy: { source: text, version: "2012-10-17", id: null } });
  });

  test("a single statement without its list, an Id, a Sid, lists of one, numbers and Booleans", () => {
    const Condition = { NumericLessThan: { "s3:max-keys": 10 }, Bool: { "aws:SecureTransport": true } };
    const statement = { Sid: "One1", Effect: "Deny", NotAction: ["s3:*"], NotResource: ["*"], Condition };
    const parsed = parsePolicy(JSON.stringify({ Id: "an id", Statement: statement }), identity);
    expect(parsed).toMatchObject({ ok: true, policy: { version: "2008-10-17", id: "an id" } });
    expect(parsed.ok && parsed.policy.statements).toMatchObject([
      { index: 0, sid: "One1", effect: "Deny", actions: { not: true }, resources: { not: true }, start: 26 },
    ]);
  });

  test.each([
    ["*"],
    ["arn:aws:s3:::holiday"],
    ["arn:aws:s3:::${aws:username}*"],
    ["arn:aws:s3:us-east-1:111111111111:accesspoint/x"],
    ["arn:aws:s3"],
    ["arn:aws:iam::111111111111:user/*"],
    ["arn:aws:iam::*:*"],
    ["arn:aws:iam::111111111111:u*"],
    ["arn:aws-cn:sqs:*:*:*"],
  ])("identity policies: the resource %s", (Resource) => {
    expect(failureOf(changed(identity, { Resource }), identity)).toBeNull();
  });

  test.each([
    ["111111111111"],
    ["arn:aws:iam::111111111111:root"],
    ["arn:aws:iam::111111111111:user/team/alice"],
    ["arn:aws:iam::111111111111:role/deploy"],
    ["arn:aws:sts::111111111111:assumed-role/deploy/run-7"],
    ["arn:aws:sts::111111111111:federated-user/alice"],
    ["AIDAALICEALICEALICE11"],
    ["AROADEPLOYDEPLOYDEP11"],
    ["*"],
  ])("principals: %s", (AWS) => {
    expect(failureOf(changed(bucket, { Principal: { AWS } }), bucket)).toBeNull();
    expect(failureOf(changed(trust, { Principal: { AWS: [AWS, AWS] } }), trust)).toBeNull();
  });

  test.each([
    { Service: "logging.s3.amazonaws.com" },
    { Federated: "accounts.google.com" },
    { Federated: "arn:aws:iam::111111111111:oidc-provider/idp.example.com/tenant" },
    { Federated: "arn:aws:iam::111111111111:saml-provider/idp", AWS: "111111111111" },
  ])("principals: %j", (Principal) => {
    expect(failureOf(changed(bucket, { Principal }), bucket)).toBeNull();
    expect(failureOf(changed(trust, { Principal }), trust)).toBeNull();
  });

  test("trust policies: actions of assuming a role, also by a pattern", () => {
    const Action = ["sts:AssumeRole", "sts:assumerolewithwebidentity", "sts:TagSession", "sts:Set*", "sts:*"];
    expect(failureOf(changed(trust, { Action }), trust)).toBeNull();
  });

  test("bucket policies: the bucket and its objects, a NotPrincipal that denies, keys of S3 and of the caller", () => {
    const statement = {
      Effect: "Deny",
      Principal: undefined,
      NotPrincipal: { CanonicalUser: "a".repeat(64) },
      Action: ["s3:ListBucket", "s3:Get*"],
      Resource: ["arn:aws:s3:::holiday", "arn:aws:s3:::hol*/${aws:username}"],
      Condition: { StringLike: { "s3:prefix": "a*", "S3:ExistingObjectTag/Team": "b", "idp.example.com:sub": "c" } },
    };
    expect(failureOf(changed(bucket, statement), bucket)).toBeNull();
  });

  test("queues: without a resource", () => {
    expect(failureOf(changed(queue, { Resource: undefined, Action: "SQS:*" }), queue)).toBeNull();
    expect(failureOf(changed(queue, { Resource: "arn:aws:sqs:*:*:jobs", Action: "*" }), queue)).toBeNull();
  });
});

const iam = "MalformedPolicyDocument";
const syntax = "Syntax errors in policy.";
const types =
  "user/, federated-user/, role/, group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/";

describe("identity policies refused, as IAM says", () => {
  test.each([
    ["", syntax],
    ["{", syntax],
    ["[]", syntax],
    [" {}", "JSON strings must not have leading spaces"],
    ["{}", syntax],
    ['{"Statement":[]}', "Could not parse the policy: Statement is empty!"],
    ['{"Statement":7}', syntax],
    ['{"Statement":[7]}', syntax],
    ['{"Statement":[{}],"statement":[]}', syntax],
    ['{"Version":"2013-10-17","Statement":{}}', syntax],
    ['{"Version":20121017,"Statement":{}}', syntax],
    ['{"Id":7,"Statement":{}}', syntax],
    ['{"Statement":{"Effect":"Allow","Effect":"Deny","Action":"*","Resource":"*"}}', syntax],
  ])("%s", (text, message) => {
    const failure = failureOf(text, identity);
    expect(failure && describeForIam(failure)).toEqual({ code: iam, message });
  });

  test.each<[object, string]>([
    [{ Effect: "allow" }, syntax],
    [{ Effect: undefined }, syntax],
    [{ Effect: ["Allow"] }, syntax],
    [{ Actions: "s3:*" }, syntax],
    [{ NotAction: "s3:*" }, syntax],
    [{ NotResource: "*" }, syntax],
    [{ Action: { "s3:*": 1 } }, syntax],
    [{ Action: ["s3:*", 1] }, syntax],
    [{ Action: undefined }, "Policy statement must contain actions."],
    [{ Action: [] }, "Policy statement must contain actions."],
    [{ Action: "GetObject" }, "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."],
    [{ Action: "" }, "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."],
    [{ Action: "s3:Get:Object" }, "Actions/Condition can contain only one colon."],
    [{ Action: "s 3:GetObject" }, "Vendor s 3 is not valid"],
    [{ Resource: undefined }, "Policy statement must contain resources."],
    [{ Resource: [] }, "Policy statement must contain resources."],
    [{ Resource: "holiday" }, 'Resource holiday must be in ARN format or "*".'],
    [{ Resource: "" }, 'Resource  must be in ARN format or "*".'],
    [{ Resource: "arn:oss:s3:::a" }, 'Partition "oss" is not valid for resource "arn:oss:s3:::a".'],
    [{ Resource: "arn:aws:s*:::a" }, "Resource vendor must be fully qualified and cannot contain regexes."],
    [{ Resource: "arn:aws" }, "Resource vendor must be fully qualified and cannot contain regexes."],
    [
      { Resource: "arn:aws:iam:us-east-1:111111111111:user/a" },
      "IAM resource arn:aws:iam:us-east-1:111111111111:user/a cannot contain region information.",
    ],
    [{ Resource: "arn:aws:iam::111111111111:alice" }, `IAM resource path must either be "*" or start with ${types}.`],
    [{ Resource: "arn:aws:s3:::a/${aws:username" }, "The policy failed legacy parsing"],
    [{ Principal: "*" }, "Policy document should not specify a principal."],
    [{ NotPrincipal: { AWS: "111111111111" } }, "Policy document should not specify a principal."],
    [
      { Sid: "with space" },
      "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
    ],
    [{ Sid: 7 }, syntax],
    [{ Condition: [] }, syntax],
    [{ Condition: { StringEquals: "a" } }, syntax],
    [{ Condition: { StringEquals: { a: null } } }, syntax],
    [{ Condition: { StringEquals: { a: { b: "c" } } } }, syntax],
    [{ Condition: { StringEquals: { "a:b": "c", "A:b": "d" } } }, syntax],
    [{ Condition: { stringEquals: { "a:b": "c" } } }, syntax],
    [{ Condition: { StringIsEqual: { "a:b": "c" } } }, syntax],
    [{ Condition: { NullIfExists: { "a:b": "true" } } }, syntax],
    [{ Condition: { "ForSomeValues:StringEquals": { "a:b": "c" } } }, syntax],
    [{ Condition: { toString: { "a:b": "c" } } }, syntax],
  ])("%j", (change, message) => {
    const failure = failureOf(changed(identity, change), identity);
    expect(failure && describeForIam(failure)).toEqual({ code: iam, message });
  });

  test.each([
    ["NumericEquals", "ten"],
    ["NumericLessThan", "${aws:username}"],
    ["DateLessThan", "tomorrow"],
    ["DateLessThan", "2026-02-30"],
    ["DateLessThan", "2026-01-01T24:00:00Z"],
    ["DateEquals", "2026-1-1"],
    ["Bool", "yes"],
    ["Null", "maybe"],
    ["BinaryEquals", "not base64!"],
    ["IpAddress", "203.0.113"],
    ["IpAddress", "203.0.113.256"],
    ["IpAddress", "203.0.113.0/33"],
    ["IpAddress", "203.0.113.0/024"],
    ["IpAddress", "203.0.113.0/"],
    ["IpAddress", "2001:db8::1::2"],
    ["IpAddress", "2001:db8::/129"],
    ["IpAddress", "1:2:3:4:5:6:7:8:9"],
    ["IpAddress", "fe80::1%eth0"],
    ["NotIpAddress", "*"],
    ["ArnLike", "holiday"],
    ["ArnEquals", "arn:aws:s3:holiday"],
    ["StringLike", "${aws:username"],
  ])("%s with %s", (operator, value) => {
    const change = { Condition: { [operator]: { "a:b": ["0", value].slice(operator === "NumericEquals" ? 0 : 1) } } };
    const failure = failureOf(changed(identity, change), identity);
    expect(failure && describeForIam(failure).message).toBe("The policy failed legacy parsing");
  });

  test("two statements of one Sid, and a managed policy of an old version", () => {
    const statement = { ...valid.identity, Sid: "Twice" };
    const twice = JSON.stringify({ Statement: [statement, statement] });
    expect(failureOf(twice, identity)).toEqual({ kind: "repeatedSid", sid: "Twice" });
    const old = JSON.stringify({ Version: "2008-10-17", Statement: valid.identity });
    expect(failureOf(old, identity)).toBeNull();
    const failure = failureOf(old, { kind: "managed" });
    expect(failure && describeForIam(failure).message).toBe("Policy document must be version 2012-10-17 or greater.");
  });
});

describe("trust policies refused, as IAM says", () => {
  test.each<[object, string]>([
    [{ Principal: undefined }, "Missing required field Principal"],
    [{ Principal: {} }, "Missing required field Principal cannot be empty!"],
    [{ Principal: "111111111111" }, "Invalid principal in policy"],
    [{ Principal: { AWS: "alice" } }, 'Invalid principal in policy: "AWS":"alice"'],
    [
      { Principal: { AWS: "arn:aws:iam::111111111111:user/*" } },
      'Invalid principal in policy: "AWS":"arn:aws:iam::111111111111:user/*"',
    ],
    [
      { Principal: { CanonicalUser: "a".repeat(64) } },
      `Invalid principal in policy: "CanonicalUser":"${"a".repeat(64)}"`,
    ],
    [{ Principal: undefined, NotPrincipal: "*" }, "Allow with NotPrincipal is not allowed."],
    [{ Effect: "Deny", Principal: undefined, NotPrincipal: "*" }, "Policy document should not specify a principal."],
    [{ Resource: "*" }, "Has prohibited field Resource"],
    [{ NotResource: "*" }, "AssumeRole policy must not contain resources."],
    [{ Action: "*" }, "AssumeRole policy may only specify STS AssumeRole actions."],
    [{ Action: "sts:GetSessionToken" }, "AssumeRole policy may only specify STS AssumeRole actions."],
    [{ Action: ["sts:AssumeRole", "s3:*"] }, "AssumeRole policy may only specify STS AssumeRole actions."],
  ])("%j", (change, message) => {
    const failure = failureOf(changed(trust, change), trust);
    expect(failure && describeForIam(failure, "trust")).toEqual({ code: iam, message });
  });
});

describe("bucket policies refused, as S3 says", () => {
  const firstByte = "Policies must be valid JSON and the first byte must be '{'";

  test.each([
    ["", firstByte],
    [" {}", firstByte],
    ["x", firstByte],
    ["[]", firstByte],
    ['{"Statement":', "This policy contains invalid Json"],
    ['{"Version":"2012-10-17","Version":"2012-10-17","Statement":{}}', "This policy contains invalid Json"],
    ["{}", "Missing required field Statement"],
    ['{"Statement":[]}', "Could not parse the policy: Statement is empty!"],
    ['{"Version":"2013","Statement":{}}', "The policy must contain a valid version string"],
    ['{"Policy":1}', "Unknown field Policy"],
  ])("%s", (text, message) => {
    const failure = failureOf(text, bucket);
    expect(failure && describeForS3(failure)).toEqual({ code: "MalformedPolicy", message });
  });

  test.each<[object, string]>([
    [{ Effect: undefined }, "Missing required field Effect"],
    [{ Effect: "Permit" }, "Invalid effect: Permit"],
    [{ Principal: undefined }, "Missing required field Principal"],
    [{ Action: undefined }, "Missing required field Action"],
    [{ Resource: undefined }, "Missing required field Resource"],
    [{ Resources: "x" }, "Unknown field Resources"],
    [{ Principal: { AWS: "arn:aws:iam::111111111111:group/admins" } }, "Invalid principal in policy"],
    [{ Principal: { AWS: "arn:aws:iam::11111111111:root" } }, "Invalid principal in policy"],
    [{ Principal: { AWS: "arn:aws:sts::111111111111:assumed-role/deploy" } }, "Invalid principal in policy"],
    [{ Principal: { CanonicalUser: "alice@example.com" } }, "Invalid principal in policy"],
    [{ Principal: { Service: "*" } }, "Invalid principal in policy"],
    [{ Principal: { Everyone: "*" } }, "Invalid principal in policy"],
    [{ Principal: {} }, "Invalid principal in policy"],
    [{ Principal: undefined, NotPrincipal: { AWS: "111111111111" } }, "Allow with NotPrincipal is not allowed."],
    [{ Action: "s3:GetObjects" }, "Policy has invalid action"],
    [{ Action: "ec2:*" }, "Policy has invalid action"],
    [{ Action: "GetObject" }, "Policy has invalid action"],
    [{ Resource: "*" }, "Policy has invalid resource"],
    [{ Resource: "arn:aws:s3:::other/*" }, "Policy has invalid resource"],
    [{ Resource: ["arn:aws:s3:::holiday/*", "arn:aws:s3:::holidays/*"] }, "Policy has invalid resource"],
    [{ Resource: "arn:aws:s3:us-east-1::holiday/*" }, "Policy has invalid resource"],
    [{ Action: "s3:ListBucket" }, "Action does not apply to any resource(s) in statement"],
    [{ Action: ["s3:GetObject", "s3:ListBucket"] }, "Action does not apply to any resource(s) in statement"],
    [{ Resource: "arn:aws:s3:::holiday" }, "Action does not apply to any resource(s) in statement"],
    [{ Action: "s3:ListAllMyBuckets" }, "Action does not apply to any resource(s) in statement"],
    [{ Condition: { Like: { "aws:SourceIp": "x" } } }, "Invalid Condition type : Like"],
    [{ Condition: { StringEquals: { prefix: "x" } } }, "Policy has an invalid condition key"],
    [{ Condition: { StringEquals: { "s3:x-acl": "x" } } }, "Policy has an invalid condition key"],
    [
      { Condition: { StringEquals: { "s3:prefix": "x" } } },
      "Conditions do not apply to combination of actions and resources in statement",
    ],
    [{ Condition: { IpAddress: { "aws:SourceIp": "123" } } }, "Invalid IP address in Conditions"],
    [{ Condition: { Bool: { "aws:SecureTransport": "on" } } }, "Invalid value in Conditions for operator Bool"],
  ])("%j", (change, message) => {
    const failure = failureOf(changed(bucket, change), bucket);
    expect(failure && describeForS3(failure)).toEqual({ code: "MalformedPolicy", message });
  });
});

describe("policies of queues refused", () => {
  test.each<[object, PolicyFailure]>([
    [{ Action: "s3:GetObject" }, { kind: "foreignAction", action: "s3:GetObject" }],
    [
      { Resource: "arn:aws:sqs:us-east-1:111111111111:mail" },
      { kind: "foreignResource", resource: "arn:aws:sqs:us-east-1:111111111111:mail" },
    ],
    [{ Resource: "jobs" }, { kind: "foreignResource", resource: "jobs" }],
    [{ Principal: undefined }, { kind: "missingElement", element: "Principal" }],
  ])("%j", (change, failure) => {
    expect(failureOf(changed(queue, change), queue)).toEqual(failure);
  });
});

describe("sizes", () => {
  const statement = '{"Effect":"Allow","Action":"*","Resource":"*"}';
  const many = (count: number) => `{"Statement":[${Array(count).fill(statement).join(",")}]}`;

  test.each([
    ["10,000 statements", many(10_000)],
    ["6 MB", many(130_000)],
    ["6 MB of white space", `{${" ".repeat(6_000_000)}`],
    ["6 MB of braces", '{"a":'.repeat(1_200_000)],
  ])("%s are refused unread", (_, text) => {
    expect(failureOf(text, identity)).toEqual({ kind: "tooLarge", limit: policyLimits.textCharacters });
    expect(failureOf(text, bucket)).toEqual({ kind: "tooLarge", limit: policyLimits.textCharacters });
  });

  test("as many statements as fit are read", () => {
    const parsed = parsePolicy(many(2_700), identity);
    expect(parsed.ok && parsed.policy.statements.length).toBe(2_700);
  });

  test("a bucket's is counted without white space between its tokens, in bytes", () => {
    const withSid = (length: number, space: string) =>
      `{"Statement":${space}{"Sid":"${"é".repeat(length)}","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::holiday/*"}}`;
    const rest = withSid(0, "").length;
    const fits = (policyLimits.bucketBytes - rest) / 2;
    expect(failureOf(withSid(Math.floor(fits), " ".repeat(100_000)), bucket)).toBeNull();
    const failure = failureOf(withSid(Math.floor(fits) + 1, ""), bucket);
    expect(failure && describeForS3(failure)).toEqual({
      code: "MalformedPolicy",
      message: "Normalized policy document exceeds the maximum allowed size of 20480 bytes",
    });
  });

  test("IAM counts characters without white space", () => {
    expect(countedCharacters(' {"a" :\t"b c"\r\n}')).toBe(10);
  });

  test("what a failure repeats of the text is short", () => {
    const failure = failureOf(changed(identity, { Action: "x".repeat(100_000) }), identity);
    expect(JSON.stringify(failure).length).toBeLessThan(400);
  });
});

test("no text makes the parser throw", () => {
  const token = fc.constantFrom(
    ...[
      '"',
      "{",
      "}",
      "[",
      "]",
      ":",
      ",",
      '"Version"',
      '"2012-10-17"',
      '"Statement"',
      '"Effect"',
      '"Allow"',
      '"Action"',
    ],
    ...[
      '"Resource"',
      '"Principal"',
      '"AWS"',
      '"*"',
      '"s3:*"',
      '"Condition"',
      '"StringLike"',
      '"${a:b}"',
      '"arn:aws:s3:::holiday"',
    ],
    ...["null", "1", "true", " "],
  );
  const places = fc.constantFrom(identity, trust, bucket, queue);
  fc.assert(
    fc.property(fc.array(token, { maxLength: 30 }), fc.string(), places, (tokens, text, place) => {
      for (const one of [tokens.join(""), text]) {
        const failure = failureOf(one, place);
        if (failure !== null) expect(describeForIam(failure, place.kind).message).not.toBe("");
      }
    }),
  );
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.constantFrom(...Object.keys(valid.bucket as object), "Condition"),
      places,
      (value, element, place) => {
        failureOf(changed(place, { [element]: value }), place);
      },
    ),
  );
});
