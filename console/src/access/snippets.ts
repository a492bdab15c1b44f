export interface NewKey {
  id: string;
  secret: string;
}

export const TOOLS = ["boto3", "AWS CLI", "rclone", "mc"] as const;
export type Tool = (typeof TOOLS)[number];

/** What to type, or to put into a file, so that the tool uses the key. Keys of Sherd have no character that a shell or a file would take for its own. */
export function snippetOf(
  tool: Tool,
  { id, secret }: NewKey,
  { origin, region }: { origin: string; region: string },
): string {
  switch (tool) {
    case "boto3":
      return `import boto3

s3 = boto3.client(
    "s3",
    endpoint_url="${origin}",
    region_name="${region}",
    aws_access_key_id="${id}",
    aws_secret_access_key="${secret}",
)
print(s3.list_buckets())
`;
    case "AWS CLI":
      return `export AWS_ACCESS_KEY_ID='${id}'
export AWS_SECRET_ACCESS_KEY='${secret}'
export AWS_DEFAULT_REGION='${region}'
export AWS_ENDPOINT_URL='${origin}'
aws s3 ls
`;
    case "rclone":
      return `# ~/.config/rclone/rclone.conf, then: rclone lsd sherd:
[sherd]
type = s3
provider = Other
access_key_id = ${id}
secret_access_key = ${secret}
region = ${region}
endpoint = ${origin}
force_path_style = true
`;
    case "mc":
      return `mc alias set sherd '${origin}' '${id}' '${secret}'
mc ls sherd
`;
  }
}
