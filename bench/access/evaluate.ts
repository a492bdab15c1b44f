import { decide } from "../../src/auth/policy/decide.ts";
import { parsePolicy } from "../../src/auth/policy/parse.ts";
import type { Policy } from "../../src/auth/policy/policy.ts";
import type { AccessRequest } from "../../src/auth/policy/request.ts";
import { median, percentile } from "../support/statistics.ts";
import { accountId, type BenchUser, bucket, makeBucketPolicy, makeUsers } from "./population.ts";

/**
 * One figure of the evaluator. Times in microseconds for one decision, or for parsing one policy.
 */
export interface EvaluatorRow {
  readonly what: string;
  readonly users: number;
  readonly policiesEach: number;
  readonly bucketPolicyBytes: number;
  readonly decisions: number;
  readonly p50us: number;
  readonly p99us: number;
  /** Null: no target. */
  readonly targetP50us: number | null;
}

const targetP50us = 50;
const warmUpCount = 20_000;
const now = Date.UTC(2026, 10, 29);

const facts = new Map([
  ["aws:securetransport", "true"],
  ["aws:sourceip", "203.0.113.7"],
  ["aws:useragent", "aws-cli/2.31.0"],
]);

function requestOf({ principal, policies }: BenchUser, key: string, resourcePolicy: Policy | undefined): AccessRequest {
  return {
    principal,
    action: "s3:GetObject",
    resource: `arn:aws:s3:::${bucket}/${key}`,
    resourceAccountId: accountId,
    context: (name) => facts.get(name),
    now,
    identityPolicies: policies,
    resourcePolicy,
  };
}

/** Times each call separately; the first `warmUpCount` are not counted. */
function time(count: number, call: (index: number) => void): { p50us: number; p99us: number } {
  for (let index = 0; index < warmUpCount; index++) call(index);
  const times = new Float64Array(count);
  for (let index = 0; index < count; index++) {
    const start = performance.now();
    call(index);
    times[index] = (performance.now() - start) * 1000;
  }
  const list = [...times];
  return { p50us: median(list), p99us: percentile(list, 0.99) };
}

/**
 * Decisions for each of the users in turn, allowed and denied, with and without the bucket policy.
 */
export function measureEvaluator(options: { users: number; policiesEach: number; decisions: number }): EvaluatorRow[] {
  const users = makeUsers(options.users, options.policiesEach);
  const bucketPolicy = makeBucketPolicy();
  const userAt = (index: number) => users[index % users.length] as BenchUser;
  const measure = (what: string, policy: Policy | undefined, keyOf: (user: BenchUser) => string, expected: boolean) => {
    const decideOne = (index: number) => {
      const user = userAt(index);
      const { allowed } = decide(requestOf(user, keyOf(user), policy));
      if (allowed !== expected) throw new Error(`${what}: ${user.principal.name} is ${allowed ? "allowed" : "denied"}`);
    };
    return row(what, policy, time(options.decisions, decideOne));
  };
  const row = (what: string, policy: Policy | undefined, times: { p50us: number; p99us: number }): EvaluatorRow => ({
    what,
    users: options.users,
    policiesEach: options.policiesEach,
    bucketPolicyBytes: policy === undefined ? 0 : Buffer.byteLength(policy.source),
    decisions: options.decisions,
    ...times,
    targetP50us: policy === undefined ? null : targetP50us,
  });
  const home = ({ principal }: BenchUser) => `home/${principal.name}/a.txt`;
  return [
    measure("allowed", undefined, home, true),
    measure("allowed, bucket policy", bucketPolicy, home, true),
    measure("denied, bucket policy", bucketPolicy, () => "home/somebody/a.txt", false),
    measure("allowed, longest key, bucket policy", bucketPolicy, (user) => home(user).padEnd(1024, "a"), true),
    { ...row("parse the bucket policy", bucketPolicy, timeParsing(bucketPolicy)), targetP50us: null },
  ];
}

function timeParsing(policy: Policy): { p50us: number; p99us: number } {
  const count = 200;
  const times: number[] = [];
  for (let index = 0; index < 2 * count; index++) {
    const start = performance.now();
    const parsed = parsePolicy(policy.source, { kind: "bucket", bucket });
    if (!parsed.ok) throw new Error(parsed.failure.kind);
    if (index >= count) times.push((performance.now() - start) * 1000);
  }
  return { p50us: median(times), p99us: percentile(times, 0.99) };
}
