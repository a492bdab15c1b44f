import type { LoadedCredentials } from "./credentials.ts";

export interface BannerFacts {
  endpoint: string;
  /** Addresses for other machines. */
  otherEndpoints: readonly string[];
  region: string;
  credentials: LoadedCredentials;
  dataDir: string;
  /**
   * Whether to show the secret key: at the start that made it; later on a terminal only, not in a
   * log.
   */
  showsSecret: boolean;
  /** The file of the root keys, if this start made it. */
  madeRootKeys?: string;
}

/**
 * The message of a server that is ready: addresses, keys, and how boto3 and the AWS CLI use them.
 */
export function banner(facts: BannerFacts): string {
  const { endpoint, otherEndpoints, region, credentials, dataDir, showsSecret, madeRootKeys } = facts;
  const { accessKeyId } = credentials;
  const isSecretShown = showsSecret && credentials.source === "file";
  const secret = isSecretShown ? credentials.secretAccessKey : "<secret key>";
  const origin = credentials.source === "file" ? `kept in ${credentials.path}` : "from SHERD_SECRET_ACCESS_KEY";
  const others = otherEndpoints.map((other) => `                  and ${other}\n`).join("");
  return `
Sherd is listening on ${endpoint}
${others}
  console      ${endpoint}/-/console
  access key   ${accessKeyId}
  secret key   ${isSecretShown ? `${secret}   (${origin})` : origin}
  data         ${dataDir}
${madeRootKeys === undefined ? "" : rootKeysNotice(madeRootKeys)}
  boto3:
    import boto3
    s3 = boto3.client("s3", endpoint_url="${endpoint}", region_name="${region}",
                      aws_access_key_id="${accessKeyId}",
                      aws_secret_access_key="${secret}")

  AWS CLI:
    export AWS_ACCESS_KEY_ID=${accessKeyId}
    export AWS_SECRET_ACCESS_KEY="${secret}"
    export AWS_DEFAULT_REGION=${region}
    aws --endpoint-url ${endpoint} s3 mb s3://first-bucket

Ctrl-C stops it.
`;
}

function rootKeysNotice(path: string): string {
  return `
  All that is stored from now on is encrypted. The key is in ${path}:
  keep a copy of that file elsewhere. Whoever loses it loses the data.
`;
}
