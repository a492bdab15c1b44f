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

/** By whom the reader came, and the last token about them: what the provider is told at sign-out. */
export interface SignedInBy {
  provider: Provider;
  idToken: string;
}

/** What a provider's token was exchanged for. */
export interface Temporary {
  credentials: Credentials;
  expiresMs: number;
  renewal: Renewal | null;
  signedInBy: SignedInBy;
}
