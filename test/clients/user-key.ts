import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteUserCommand,
  DeleteUserPolicyCommand,
  IAMClient,
  PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import type { Stage } from "./client.ts";

/** Does `work` with the key of a user who may do the actions on the resources and nothing else; the user is gone afterwards. */
export async function withUserKey(
  stage: Stage,
  name: string,
  statements: readonly { actions: readonly string[]; resources: readonly string[] }[],
  work: (user: Stage) => Promise<void>,
): Promise<void> {
  const { endpoint, region, accessKeyId, secretAccessKey } = stage;
  const iam = new IAMClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
  const user = { UserName: name };
  const Statement = statements.map(({ actions, resources }) => ({
    Effect: "Allow",
    Action: actions,
    Resource: resources,
  }));
  await iam.send(new CreateUserCommand(user));
  try {
    const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
    await iam.send(new PutUserPolicyCommand({ ...user, PolicyName: "access", PolicyDocument }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand(user));
    const { AccessKeyId = "", SecretAccessKey = "" } = AccessKey ?? {};
    await work({ ...stage, accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey });
    await iam.send(new DeleteAccessKeyCommand({ ...user, AccessKeyId }));
    await iam.send(new DeleteUserPolicyCommand({ ...user, PolicyName: "access" }));
    await iam.send(new DeleteUserCommand(user));
  } finally {
    iam.destroy();
  }
}
