import type { Credentials } from "../aws/client.ts";

/** An OpenID Connect provider that the operator has configured (docs/console.md). */
export interface Provider {
  name: string;
  issuer: string;
  clientId: string;
  scope: string;
  /** None: the reader types one. */
  roleArns: string[];
}

/** What new credentials are had by without asking anybody. */
export interface Renewal {
  provider: Provider;
  roleArn: string;
  /** The `sub` of the first token, which OpenID Connect Core 1.0 (12.2) wants of all that follow. */
  subject: string;
  refreshToken: string;
}

/** What a provider's token was exchanged for. */
export interface Temporary {
  credentials: Credentials;
  expiresMs: number;
  renewal: Renewal | null;
  /** By whom the reader came. */
  signedInBy: Provider;
}
