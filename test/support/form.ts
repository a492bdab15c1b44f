import { createHmac } from "node:crypto";
import { basicTime } from "./signer.ts";

/** A part of a form as it goes over the wire. */
export interface Part {
  name?: string;
  filename?: string;
  type?: string;
  /** Header lines, joined by CRLF, in place of those that the rest makes. */
  head?: string;
  body?: string | Uint8Array;
}

/** The body of a form, ended as every sender ends it. `epilogue` is what follows the last hyphens. */
export function formBody(boundary: string, parts: readonly Part[], epilogue = "\r\n"): Buffer {
  const pieces = parts.flatMap(({ name = "", filename, type, head, body = "" }) => {
    const disposition = `Content-Disposition: form-data; name="${name}"${filename === undefined ? "" : `; filename="${filename}"`}`;
    const lines = head ?? [disposition, ...(type === undefined ? [] : [`Content-Type: ${type}`])].join("\r\n");
    return [Buffer.from(`--${boundary}\r\n${lines}\r\n\r\n`), Buffer.from(body), Buffer.from("\r\n")];
  });
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--${epilogue}`)]);
}

export interface FormSignerInput {
  accessKeyId: string;
  secret: string;
  nowMs: number;
  conditions: readonly unknown[];
  /** Default: in ten minutes. */
  expiration?: unknown;
  /** Members of the policy besides, or instead of, the two. */
  document?: Record<string, unknown>;
  /** Sign with Version 2. */
  version2?: boolean;
  /** Default: us-east-1. */
  region?: string;
}

/** The fields by which a form is signed. By hand, as the signers beside this one, and without a line of what they test. */
export function signForm(input: FormSignerInput): Record<string, string> {
  const { accessKeyId, secret, nowMs, conditions, document = {}, region = "us-east-1" } = input;
  const date = basicTime(nowMs);
  const credential = `${accessKeyId}/${date.slice(0, 8)}/${region}/s3/aws4_request`;
  const v4 = { "x-amz-algorithm": "AWS4-HMAC-SHA256", "x-amz-credential": credential, "x-amz-date": date };
  const own = input.version2 ? [] : Object.entries(v4).map(([name, value]) => ({ [name]: value }));
  const text = JSON.stringify({
    expiration: input.expiration ?? `${new Date(nowMs + 600_000).toISOString().slice(0, 19)}Z`,
    conditions: [...conditions, ...own],
    ...document,
  });
  const policy = Buffer.from(text).toString("base64");
  if (input.version2) {
    return {
      AWSAccessKeyId: accessKeyId,
      policy,
      signature: createHmac("sha1", secret).update(policy).digest("base64"),
    };
  }
  let key: string | Buffer = `AWS4${secret}`;
  for (const part of credential.split("/").slice(1)) key = createHmac("sha256", key).update(part).digest();
  return { ...v4, policy, "x-amz-signature": createHmac("sha256", key).update(policy).digest("hex") };
}
