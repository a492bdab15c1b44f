import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

/** An OpenID Connect provider on this machine, at which everybody is signed in as one person. */
export interface TinyProvider {
  readonly issuer: string;
  readonly clientId: string;
  /** What its readers were sent along with to be signed out, in order. */
  readonly ended: readonly Record<string, string>[];
  stop(): void;
}

interface Code {
  challenge: string;
  nonce: string;
  redirectUri: string;
}

const CLIENT_ID = "sherd-console";
const LIFE_SECONDS = 300;

/** With the authorization code flow, PKCE (S256 alone), and refresh tokens that are good once. */
export async function startProvider(): Promise<TinyProvider> {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const jwk = { ...(await exportJWK(publicKey)), kid: "one", alg: "RS256", use: "sig" };
  const codes = new Map<string, Code>();
  const refreshTokens = new Set<string>();
  const ended: Record<string, string>[] = [];
  let count = 0;
  let issuer = "";
  const idToken = (claims: Record<string, string>) =>
    new SignJWT({ email: "ann@example.org", ...claims })
      .setProtectedHeader({ alg: "RS256", kid: "one" })
      .setIssuer(issuer)
      .setSubject("ann")
      .setAudience(CLIENT_ID)
      .setIssuedAt()
      .setExpirationTime(`${LIFE_SECONDS}s`)
      .sign(privateKey);
  const tokens = async (claims: Record<string, string>) => {
    const refresh_token = `refresh-${++count}`;
    refreshTokens.add(refresh_token);
    return { token_type: "Bearer", access_token: "none", id_token: await idToken(claims), refresh_token };
  };
  const exchange = async (form: URLSearchParams) => {
    const code = codes.get(form.get("code") ?? "");
    if (form.get("grant_type") === "refresh_token") {
      return refreshTokens.delete(form.get("refresh_token") ?? "") ? tokens({}) : null;
    }
    codes.delete(form.get("code") ?? "");
    const challenge = createHash("sha256")
      .update(form.get("code_verifier") ?? "")
      .digest("base64url");
    const isRight = code?.challenge === challenge && code.redirectUri === form.get("redirect_uri");
    return isRight ? tokens({ nonce: code.nonce }) : null;
  };
  const json = (response: ServerResponse, value: object, status = 200) =>
    response
      .writeHead(status, { "content-type": "application/json", "access-control-allow-origin": "*" })
      .end(JSON.stringify(value));
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? "/", issuer);
    switch (url.pathname) {
      case "/.well-known/openid-configuration":
        return json(response, {
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          end_session_endpoint: `${issuer}/logout`,
          jwks_uri: `${issuer}/jwks`,
          id_token_signing_alg_values_supported: ["RS256"],
          response_types_supported: ["code"],
          subject_types_supported: ["public"],
        });
      case "/jwks":
        return json(response, { keys: [jwk] });
      case "/authorize": {
        const of = (name: string) => url.searchParams.get(name) ?? "";
        const code = `code-${++count}`;
        codes.set(code, { challenge: of("code_challenge"), nonce: of("nonce"), redirectUri: of("redirect_uri") });
        const back = new URL(of("redirect_uri"));
        back.search = String(new URLSearchParams({ code, state: of("state"), iss: issuer }));
        return response.writeHead(302, { location: back.href }).end();
      }
      case "/logout": {
        ended.push(Object.fromEntries(url.searchParams));
        return response.writeHead(302, { location: url.searchParams.get("post_logout_redirect_uri") ?? issuer }).end();
      }
      case "/token": {
        const given = await exchange(new URLSearchParams(await text(request)));
        return given === null ? json(response, { error: "invalid_grant" }, 400) : json(response, given);
      }
      default:
        return json(response, {}, 404);
    }
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { issuer, clientId: CLIENT_ID, ended, stop: () => server.close() };
}
