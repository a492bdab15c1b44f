import type { TemporaryCredentials } from "../../../auth/keys/sessions.ts";
import type { QueryResult } from "../../../protocols/aws-query/answer.ts";

/** The only answer that has the secret in it. */
export function credentialsDocument(credentials: TemporaryCredentials): QueryResult {
  return {
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey,
    SessionToken: credentials.sessionToken,
    Expiration: new Date(credentials.expiresMs),
  };
}
