import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { signRequest } from "../../test/support/signer.ts";
import { BenchClient, type PreparedRequest } from "../support/http-client.ts";
import { benchCredentials, startSherd } from "../support/sherd-server.ts";
import { type Door, signedRequest } from "../support/signed-request.ts";
import { median, pairedRatio, percentile } from "../support/statistics.ts";
import { bucket, makeBucketPolicy } from "./population.ts";

/** Time of a request by a user, beside the same request by the root key. */
export interface RequestRow {
  readonly what: string;
  readonly users: number;
  readonly policiesEach: number;
  readonly bucketPolicyBytes: number;
  readonly requests: number;
  readonly rootP50ms: number;
  readonly userP50ms: number;
  readonly rootP99ms: number;
  readonly userP99ms: number;
  /** Median over pairs that were sent one after the other. */
  readonly ratioP50: number;
  /** Ratio of the two 99th percentiles. */
  readonly ratioP99: number;
  readonly targetRatio: number;
}

interface Options {
  users: number;
  policiesEach: number;
  requests: number;
}

interface BenchUser {
  name: string;
  door: Door;
}

const BODY = new Uint8Array(4096).fill(7);
const TARGET_RATIO = 1.05;
/** One connection is one of the server's processes: it must have met each user. */
const WARM_UP_ROUNDS = 2;
const headers = { "user-agent": "internal-bench" };

/** GET and HEAD of 4 KiB, by a user and by root in turn, in one run against one server as `npm start` starts it. */
export async function measureRequests(options: Options): Promise<RequestRow[]> {
  const folder = await mkdtemp(join(tmpdir(), "sherd-bench-"));
  const server = await startSherd(join(folder, "data"));
  const client = new BenchClient();
  try {
    const root: Door = { endpoint: server.endpoint, ...benchCredentials };
    const policyBytes = await prepareBucket(client, root);
    const users = await prepareUsers(client, root, options);
    const rows: RequestRow[] = [];
    for (const method of ["GET", "HEAD"])
      rows.push(await measure(client, { method, root, users, policyBytes, options }));
    return rows;
  } finally {
    client.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const homeOf = (name: string) => `home/${name}/a.txt`;

/** Returns the size of the bucket's policy. */
async function prepareBucket(client: BenchClient, root: Door): Promise<number> {
  await client.expect(signedRequest(root, { method: "PUT", bucket }));
  // Its users need not exist here: a policy of the same size names the account.
  const policy = makeBucketPolicy().source.replace(
    /"arn:aws:iam::\d{12}:user\/partner-\d+"/g,
    '"arn:aws:iam::100000000001:root"',
  );
  const body = new TextEncoder().encode(policy);
  await client.expect(signedRequest(root, { method: "PUT", bucket, query: "policy=", body }));
  return body.length;
}

async function prepareUsers(client: BenchClient, root: Door, { users, policiesEach }: Options): Promise<BenchUser[]> {
  const made: BenchUser[] = [];
  for (let number = 0; number < users; number++) {
    const name = `user-${number}`;
    await iam(client, root, { Action: "CreateUser", UserName: name });
    for (let index = 0; index < policiesEach; index++) {
      const PolicyDocument = JSON.stringify(userPolicy(name, index, policiesEach));
      await iam(client, root, { Action: "PutUserPolicy", UserName: name, PolicyName: `p${index}`, PolicyDocument });
    }
    const answer = await iam(client, root, { Action: "CreateAccessKey", UserName: name });
    const element = (tag: string) => new RegExp(`<${tag}>([^<]+)</${tag}>`).exec(answer)?.[1] ?? "";
    const door = {
      endpoint: root.endpoint,
      accessKeyId: element("AccessKeyId"),
      secretAccessKey: element("SecretAccessKey"),
    };
    made.push({ name, door });
    await client.expect(signedRequest(root, { method: "PUT", bucket, key: homeOf(name), body: BODY }));
  }
  return made;
}

/** Inline policies of a user have 2,048 characters together, so each is short. The last allows what is asked. */
function userPolicy(name: string, index: number, policiesEach: number): object {
  const place = index === policiesEach - 1 ? "home" : `project-${index}`;
  const Resource = `arn:aws:s3:::${bucket}/${place}/${name}/*`;
  return {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: ["s3:GetObject", "s3:PutObject"], Resource }],
  };
}

async function iam(client: BenchClient, root: Door, parameters: Record<string, string>): Promise<string> {
  const body = new URLSearchParams({ Version: "2010-05-08", ...parameters }).toString();
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const key = { accessKeyId: root.accessKeyId, secret: root.secretAccessKey, service: "iam", nowMs: Date.now() };
  const signed = signRequest({ method: "POST", url: `${root.endpoint}/`, headers: form, body, ...key });
  const { text } = await client.expect({ ...signed });
  return text;
}

interface Contest {
  method: string;
  root: Door;
  users: readonly BenchUser[];
  policyBytes: number;
  options: Options;
}

async function measure(
  client: BenchClient,
  { method, root, users, policyBytes, options }: Contest,
): Promise<RequestRow> {
  const request = (door: Door, name: string): PreparedRequest =>
    signedRequest(door, { method, bucket, key: homeOf(name), headers });
  const expected = method === "GET" ? BODY : undefined;
  const send = async (door: Door, name: string) => (await client.expect(request(door, name), expected)).ms;
  for (let round = 0; round < WARM_UP_ROUNDS; round++) {
    for (const { name, door } of users) await send(door, name);
  }
  for (const { name } of users.slice(0, 200)) await send(root, name);
  const times = { root: [] as number[], user: [] as number[] };
  for (let index = 0; index < options.requests; index++) {
    const { name, door } = users[index % users.length] as BenchUser;
    // Neither is always the second, which finds the object's row in the cache.
    const pair = index % 2 === 0 ? (["root", "user"] as const) : (["user", "root"] as const);
    for (const who of pair) times[who].push(await send(who === "root" ? root : door, name));
  }
  const [rootP99ms, userP99ms] = [percentile(times.root, 0.99), percentile(times.user, 0.99)];
  return {
    what: `${method} 4 KiB`,
    users: options.users,
    policiesEach: options.policiesEach,
    bucketPolicyBytes: policyBytes,
    requests: options.requests,
    rootP50ms: median(times.root),
    userP50ms: median(times.user),
    rootP99ms,
    userP99ms,
    ratioP50: pairedRatio(times.user, times.root),
    ratioP99: userP99ms / rootP99ms,
    targetRatio: TARGET_RATIO,
  };
}
