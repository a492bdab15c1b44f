import type { Aws, Make } from "./aws.ts";
import type { Job } from "./client.ts";
import { attempt, command } from "./command.ts";
import { equal, includes } from "./expect.ts";

/** `aws iam` and `aws sts`, all by AWS_ENDPOINT_URL alone. */
export function awsIdentityJobs(make: Make): Job[] {
  return [{ name: "iam-and-sts-by-one-endpoint-url", run: (stage) => identities(make(stage)) }];
}

const USER = "aws-cli-user";
const ROLE = "aws-cli-role";

async function identities(aws: Aws): Promise<void> {
  const own = { ...aws.environment(), AWS_ENDPOINT_URL: aws.stage.endpoint };
  const run = async (env: Record<string, string>, ...args: string[]) => {
    const { stdout } = await command([aws.program, ...args, "--output", "json"], { env });
    const text = stdout.toString().trim();
    return text === "" ? {} : JSON.parse(text);
  };
  const refused = async (env: Record<string, string>, code: string, ...args: string[]) => {
    const { code: exit, stderr } = await attempt([aws.program, ...args], { env });
    equal(exit === 0, false, `${args.join(" ")}: it succeeds`);
    includes(stderr, code, args.join(" "));
  };
  const user = (await run(own, "iam", "create-user", "--user-name", USER, "--tags", "Key=team,Value=blue")).User;
  try {
    const assume = policy({ Effect: "Allow", Action: "sts:AssumeRole", Resource: "*" });
    await run(own, "iam", "put-user-policy", "--user-name", USER, "--policy-name", "p", "--policy-document", assume);
    const { AccessKey } = await run(own, "iam", "create-access-key", "--user-name", USER);
    const asUser = {
      ...own,
      AWS_ACCESS_KEY_ID: AccessKey.AccessKeyId,
      AWS_SECRET_ACCESS_KEY: AccessKey.SecretAccessKey,
    };
    equal((await run(asUser, "sts", "get-caller-identity")).Arn, user.Arn, "who the user is");
    await refused(asUser, "AccessDenied", "iam", "list-users");
    const trust = policy({ Effect: "Allow", Principal: { AWS: user.Arn }, Action: "sts:AssumeRole" });
    const role = (await run(own, "iam", "create-role", "--role-name", ROLE, "--assume-role-policy-document", trust))
      .Role;
    await run(
      own,
      "iam",
      "attach-role-policy",
      "--role-name",
      ROLE,
      "--policy-arn",
      "arn:aws:iam::aws:policy/IAMReadOnlyAccess",
    );
    const session = await run(asUser, "sts", "assume-role", "--role-arn", role.Arn, "--role-session-name", "cli");
    const asRole = {
      ...own,
      AWS_ACCESS_KEY_ID: session.Credentials.AccessKeyId,
      AWS_SECRET_ACCESS_KEY: session.Credentials.SecretAccessKey,
      AWS_SESSION_TOKEN: session.Credentials.SessionToken,
    };
    const names = (await run(asRole, "iam", "list-users")).Users.map((one: { UserName: string }) => one.UserName);
    equal(names.includes(USER), true, "the users that the role sees");
    await refused(asRole, "AccessDenied", "iam", "delete-user", "--user-name", USER);
    await run(
      own,
      "iam",
      "detach-role-policy",
      "--role-name",
      ROLE,
      "--policy-arn",
      "arn:aws:iam::aws:policy/IAMReadOnlyAccess",
    );
    await refused(asRole, "AccessDenied", "iam", "list-users");
    await run(own, "iam", "delete-role", "--role-name", ROLE);
    await refused(asRole, "InvalidClientTokenId", "sts", "get-caller-identity");
    await run(own, "iam", "delete-access-key", "--user-name", USER, "--access-key-id", AccessKey.AccessKeyId);
    await refused(asUser, "InvalidClientTokenId", "sts", "get-caller-identity");
    await run(own, "iam", "delete-user-policy", "--user-name", USER, "--policy-name", "p");
  } finally {
    await attempt([aws.program, "iam", "delete-user", "--user-name", USER], { env: own });
  }
}

function policy(statement: object): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
}
