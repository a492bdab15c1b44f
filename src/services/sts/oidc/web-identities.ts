import { decodeJwt, errors, type JWTPayload, jwtVerify } from "jose";
import { isTrustedUrl } from "../../../base/trusted-url.ts";
import type { ProviderRow } from "../../../metadata/identities/providers.ts";
import { QueryError } from "../../../protocols/aws-query/error.ts";
import { invalidIdentityToken } from "../model/errors.ts";
import { IssuerUnreachable, type Outbound } from "./fetch-document.ts";
import { IssuerKeys } from "./issuer-keys.ts";

/** Signatures by public keys: a secret that both sides know proves nothing here. */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];

/** What a token proves. */
export interface WebIdentity {
  /** As the token has it, with its scheme. */
  readonly issuer: string;
  readonly subject: string;
  /** The client id that the token is for: `azp` if there is one, otherwise `aud`. */
  readonly audience: string;
  readonly claims: JWTPayload;
}

/** Verifies tokens of registered OpenID Connect providers ("ID Token Validation" in OpenID Connect Core 1.0, section 3.1.3.7). */
export class WebIdentities {
  readonly #keys: IssuerKeys;

  constructor(outbound: Outbound) {
    this.#keys = new IssuerKeys(outbound);
  }

  /**
   * Who issued a token, as it says itself: nothing is verified yet. A provider is registered without its scheme, so the token must
   * not choose one by which somebody else could answer for the issuer. Throws InvalidIdentityToken.
   */
  issuerOf(token: string): { issuer: string; url: string } {
    let issuer: unknown;
    try {
      issuer = decodeJwt(token).iss;
    } catch {
      throw invalidIdentityToken(
        "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
      );
    }
    const match = typeof issuer === "string" ? /^(https?:\/\/)([^?#\s]{1,255})$/i.exec(issuer) : null;
    if (match === null) throw invalidIdentityToken("Missing a required claim: iss");
    if (!isTrustedUrl(match[0])) throw invalidIdentityToken("The issuer of the token is not reached by HTTPS.");
    return { issuer: match[0] as string, url: match[2] as string };
  }

  /**
   * Verifies a token of a provider. Throws InvalidIdentityToken, ExpiredTokenException, IDPCommunicationError (the issuer cannot be
   * reached: worth a retry). No message repeats the token.
   */
  async verify(
    token: string,
    { issuer, provider, nowMs }: { issuer: string; provider: ProviderRow; nowMs: number },
  ): Promise<WebIdentity> {
    const { payload } = await this.#verified(token, issuer, nowMs);
    const audience = audienceOf(payload, provider.clientIds);
    if (typeof payload.sub !== "string" || payload.sub === "")
      throw invalidIdentityToken("Missing a required claim: sub");
    return { issuer, subject: payload.sub, audience, claims: payload };
  }

  async #verified(token: string, issuer: string, nowMs: number) {
    const options = {
      issuer,
      algorithms: ALGORITHMS,
      currentDate: new Date(nowMs),
      requiredClaims: ["iss", "sub", "aud", "exp", "iat"],
    };
    try {
      try {
        return await jwtVerify(token, await this.#keys.of(issuer, { isUnknown: false }), options);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        return await jwtVerify(token, await this.#keys.of(issuer, { isUnknown: true }), options);
      }
    } catch (error) {
      throw translate(error);
    }
  }
}

function audienceOf({ aud, azp }: JWTPayload, clientIds: readonly string[]): string {
  const candidates = typeof azp === "string" ? [azp] : [aud ?? []].flat();
  const audience = candidates.find((one) => clientIds.includes(one));
  if (audience === undefined) throw invalidIdentityToken("Incorrect token audience");
  return audience;
}

function translate(error: unknown): unknown {
  if (error instanceof IssuerUnreachable) {
    const message =
      "Unable to communicate with the OpenID Connect provider: its configuration or its keys cannot be read.";
    return new QueryError("IDPCommunicationError", 400, message, { cause: error });
  }
  if (error instanceof errors.JWTExpired) return new QueryError("ExpiredTokenException", 400, "Token expired");
  if (error instanceof errors.JWTClaimValidationFailed)
    return invalidIdentityToken(`The claim ${error.claim} is missing or wrong.`);
  if (error instanceof errors.JWKSNoMatchingKey) {
    return invalidIdentityToken(
      "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements",
    );
  }
  if (error instanceof errors.JOSEError) return invalidIdentityToken("The ID token cannot be verified.");
  return error;
}
