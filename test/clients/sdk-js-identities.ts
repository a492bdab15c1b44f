import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  AttachRolePolicyCommand,
  CreateAccessKeyCommand,
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteOpenIDConnectProviderCommand,
  DeleteRoleCommand,
  DeleteUserCommand,
  DetachRolePolicyCommand,
  IAMClient,
  ListRolesCommand,
} from "@aws-sdk/client-iam";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { fromTemporaryCredentials, fromWebToken } from "@aws-sdk/credential-providers";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { Job, Stage } from "./client.ts";
import { equal } from "./expect.ts";

export const IDENTITY_JOBS: readonly Job[] = [
  { name: "from-temporary-credentials", run: temporary },
  { name: "from-web-token", run: webToken },
];

const READ = "arn:aws:iam::aws:policy/IAMReadOnlyAccess";

function iamOf({ endpoint, region, accessKeyId, secretAccessKey }: Stage): IAMClient {
  return new IAMClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
}

function trust(statement: object): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });
}

async function withRole(
  iam: IAMClient,
  name: string,
  document: string,
  work: (arn: string) => Promise<void>,
): Promise<void> {
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: document }));
  await iam.send(new AttachRolePolicyCommand({ RoleName: name, PolicyArn: READ }));
  try {
    await work(Role?.Arn ?? "");
  } finally {
    await iam.send(new DetachRolePolicyCommand({ RoleName: name, PolicyArn: READ }));
    await iam.send(new DeleteRoleCommand({ RoleName: name }));
  }
}

/** A user whom the trust policy names assumes a role, and the SDK renews what it gets. */
async function temporary(stage: Stage): Promise<void> {
  const { endpoint, region } = stage;
  const iam = iamOf(stage);
  const { User } = await iam.send(new CreateUserCommand({ UserName: "js-app" }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "js-app" }));
  const masterCredentials = {
    accessKeyId: AccessKey?.AccessKeyId ?? "",
    secretAccessKey: AccessKey?.SecretAccessKey ?? "",
  };
  try {
    const document = trust({ Principal: { AWS: User?.Arn }, Action: "sts:AssumeRole" });
    await withRole(iam, "js-role", document, async (RoleArn) => {
      const credentials = fromTemporaryCredentials({
        masterCredentials,
        params: { RoleArn, RoleSessionName: "js", DurationSeconds: 900 },
        clientConfig: { endpoint, region },
      });
      const { Arn } = await new STSClient({ endpoint, region, credentials }).send(new GetCallerIdentityCommand({}));
      equal(Arn, `${RoleArn.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/")}/js`, "who the session is");
      const roles = await new IAMClient({ endpoint, region, credentials }).send(new ListRolesCommand({}));
      equal(
        roles.Roles?.some(({ RoleName }) => RoleName === "js-role"),
        true,
        "the roles that the session sees",
      );
    });
  } finally {
    await iam.send(new DeleteAccessKeyCommand({ UserName: "js-app", AccessKeyId: masterCredentials.accessKeyId }));
    await iam.send(new DeleteUserCommand({ UserName: "js-app" }));
  }
}

/** A token of an issuer on this machine. */
async function webToken(stage: Stage): Promise<void> {
  const { endpoint, region } = stage;
  const iam = iamOf(stage);
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const jwk = { ...(await exportJWK(publicKey)), kid: "one", alg: "ES256", use: "sig" };
  const server = createServer((request, response) => {
    const issuer = `http://${request.headers.host}`;
    const document = request.url === "/jwks" ? { keys: [jwk] } : { issuer, jwks_uri: `${issuer}/jwks` };
    response.setHeader("Content-Type", "application/json").end(JSON.stringify(document));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer = `http://${host}`;
  const { OpenIDConnectProviderArn: provider } = await iam.send(
    new CreateOpenIDConnectProviderCommand({ Url: issuer, ClientIDList: ["app"] }),
  );
  try {
    const condition = { StringEquals: { [`${host}:sub`]: "robot-7", [`${host}:aud`]: "app" } };
    const document = trust({
      Principal: { Federated: provider },
      Action: "sts:AssumeRoleWithWebIdentity",
      Condition: condition,
    });
    await withRole(iam, "js-web-role", document, async (roleArn) => {
      const token = (subject: string) =>
        new SignJWT({})
          .setProtectedHeader({ alg: "ES256", kid: "one" })
          .setIssuer(issuer)
          .setAudience("app")
          .setSubject(subject)
          .setIssuedAt()
          .setExpirationTime("5m")
          .sign(privateKey);
      const identify = async (subject: string) => {
        const credentials = fromWebToken({
          roleArn,
          roleSessionName: "web",
          webIdentityToken: await token(subject),
          clientConfig: { endpoint, region },
        });
        return new STSClient({ endpoint, region, credentials }).send(new GetCallerIdentityCommand({}));
      };
      equal((await identify("robot-7")).Arn?.endsWith(":assumed-role/js-web-role/web"), true, "who the session is");
      const refused = await identify("somebody-else").catch((error: Error) => error.name);
      equal(refused, "AccessDenied", "a subject that the trust policy does not name");
    });
  } finally {
    await iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: provider }));
    server.close();
  }
}
