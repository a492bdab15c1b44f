import { AwsError, parseError } from "../aws/errors.ts";
import { parseXml, textAt } from "../aws/xml.ts";
import type { Provider, Renewal, Temporary } from "./temporary.ts";

/** Where a provider does what. */
interface Endpoints {
  authorization: string;
  token: string;
  /** Where it signs its readers out, if it does. */
  endSession: string | null;
  /** Its answers name it as `iss` (RFC 9207). */
  namesItself: boolean;
}

/** What is kept of the tab while its reader is at the provider. */
interface Pending {
  provider: Provider;
  roleArn: string;
  state: string;
  nonce: string;
  verifier: string;
  /** Where the reader was: what stands behind the `#`. */
  hash: string;
}

const PENDING = "sherd-sign-in";
const LIFE_SECONDS = 3600;

/** Those that the operator has configured; nobody need be signed in. */
export async function listProviders(): Promise<Provider[]> {
  const answer = await fetch(`${import.meta.env.BASE_URL}sign-in.json`, { credentials: "omit" });
  if (!answer.ok || answer.headers.get("content-type") !== "application/json") return [];
  return ((await answer.json()) as { providers: Provider[] }).providers;
}

/**
 * Leaves for the provider: the authorization code flow with PKCE, of a public client.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7636
 */
export async function leaveForProvider(provider: Provider, roleArn: string): Promise<void> {
  const { authorization } = await discover(provider.issuer);
  const [state, nonce, verifier] = [randomText(), randomText(), randomText()];
  const pending: Pending = { provider, roleArn, state, nonce, verifier, hash: location.hash };
  sessionStorage.setItem(PENDING, JSON.stringify(pending));
  const challenge = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)));
  const url = new URL(authorization);
  const query = {
    response_type: "code",
    client_id: provider.clientId,
    redirect_uri: redirectUri(),
    scope: provider.scope,
    state,
    nonce,
    code_challenge: base64Url(challenge),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  location.assign(url);
}

/**
 * The provider's page that ends the session there too, and leads the reader back to the page of sign-in; null if it has none. It gets no
 * `id_token_hint`: the browser's history keeps addresses, and whoever has the token gets the role's credentials.
 *
 * @see https://openid.net/specs/openid-connect-rpinitiated-1_0.html
 */
export async function signOutPage(provider: Provider): Promise<URL | null> {
  const { endSession } = await discover(provider.issuer);
  if (endSession === null) return null;
  const url = new URL(endSession);
  url.searchParams.set("client_id", provider.clientId);
  url.searchParams.set("post_logout_redirect_uri", redirectUri());
  return url;
}

/** Whether the tab comes back from a provider. */
export function comesFromProvider(): boolean {
  return new URLSearchParams(location.search).has("state") && sessionStorage.getItem(PENDING) !== null;
}

/** Takes what the provider has sent along, and goes back to where the reader was. Throws if it is not what was asked for. */
export async function arriveFromProvider(): Promise<Temporary> {
  const answer = new URLSearchParams(location.search);
  const pending = JSON.parse(sessionStorage.getItem(PENDING) ?? "null") as Pending | null;
  sessionStorage.removeItem(PENDING);
  // The code is used once, and stands in no address that could be bookmarked.
  history.replaceState(null, "", `${location.pathname}${pending?.hash ?? ""}`);
  if (pending === null || answer.get("state") !== pending.state)
    throw refused("the answer is to no question of this tab");
  const { provider, roleArn } = pending;
  // RFC 9207.
  const issuer = answer.get("iss");
  if (issuer !== null && issuer !== provider.issuer) throw refused("the answer is of another issuer");
  const { token, namesItself } = await discover(provider.issuer);
  if (issuer === null && namesItself) throw refused("the answer names no issuer");
  const error = answer.get("error");
  if (error !== null) throw refused(answer.get("error_description") ?? error);
  const tokens = await askForTokens(token, {
    grant_type: "authorization_code",
    code: answer.get("code") ?? "",
    redirect_uri: redirectUri(),
    client_id: provider.clientId,
    code_verifier: pending.verifier,
  });
  if (claimsOf(tokens.idToken).nonce !== pending.nonce) throw refused("the token is to no question of this tab");
  return assume(tokens, { provider, roleArn });
}

/** New credentials without asking the reader. Throws if the provider wants to see the reader again, or speaks of another one. */
export async function renew({ provider, roleArn, subject, refreshToken }: Renewal): Promise<Temporary> {
  const { token } = await discover(provider.issuer);
  const tokens = await askForTokens(token, {
    grant_type: "refresh_token",
    refresh_token: refreshToken,
    client_id: provider.clientId,
  });
  if (subjectOf(tokens.idToken) !== subject) throw refused("the token is of another reader");
  return assume({ refreshToken, ...tokens }, { provider, roleArn });
}

/** OpenID Connect Discovery 1.0. */
async function discover(issuer: string): Promise<Endpoints> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const document = await askProvider(url, {});
  if (document.issuer !== issuer) throw refused("the provider's document names another issuer");
  const { authorization_endpoint: authorization, token_endpoint: token, end_session_endpoint: end } = document;
  if (typeof authorization !== "string" || typeof token !== "string")
    throw refused("the provider's document lacks endpoints");
  return {
    authorization,
    token,
    endSession: typeof end === "string" ? end : null,
    namesItself: document.authorization_response_iss_parameter_supported === true,
  };
}

interface Tokens {
  idToken: string;
  refreshToken?: string;
}

async function askForTokens(endpoint: string, form: Record<string, string>): Promise<Tokens> {
  const { id_token: idToken, refresh_token: refreshToken } = await askProvider(endpoint, {
    method: "POST",
    body: new URLSearchParams(form),
  });
  if (typeof idToken !== "string") throw refused("the provider gave no id token");
  return { idToken, ...(typeof refreshToken === "string" ? { refreshToken } : {}) };
}

async function askProvider(url: string, init: RequestInit): Promise<Record<string, unknown>> {
  let answer: Response;
  try {
    answer = await fetch(url, { ...init, credentials: "omit", cache: "no-store", redirect: "error" });
  } catch (error) {
    throw new AwsError({ code: "ProviderUnreachable", message: `${new URL(url).origin}: ${String(error)}`, status: 0 });
  }
  const document = (await answer.json().catch(() => ({}))) as Record<string, unknown>;
  if (answer.ok) return document;
  throw refused(String(document.error_description ?? document.error ?? `HTTP ${answer.status}`));
}

/** AssumeRoleWithWebIdentity, which nobody signs: the token is the proof. */
async function assume(
  { idToken, refreshToken }: Tokens,
  { provider, roleArn }: { provider: Provider; roleArn: string },
): Promise<Temporary> {
  const form = new URLSearchParams({
    Action: "AssumeRoleWithWebIdentity",
    Version: "2011-06-15",
    RoleArn: roleArn,
    RoleSessionName: sessionName(claimsOf(idToken)),
    WebIdentityToken: idToken,
    DurationSeconds: String(LIFE_SECONDS),
  });
  const answer = await fetch("/", { method: "POST", body: form, credentials: "omit" }).catch((error: unknown) => {
    throw new AwsError({ code: "NetworkError", message: String(error), status: 0 });
  });
  const text = await answer.text();
  if (!answer.ok) throw parseError(text, answer.status, answer.headers);
  const of = (name: string) => textAt(parseXml(text), "AssumeRoleWithWebIdentityResult", "Credentials", name);
  return {
    credentials: {
      accessKeyId: of("AccessKeyId"),
      secretAccessKey: of("SecretAccessKey"),
      sessionToken: of("SessionToken"),
    },
    expiresMs: Date.parse(of("Expiration")),
    renewal: refreshToken === undefined ? null : { provider, roleArn, subject: subjectOf(idToken), refreshToken },
    signedInBy: provider,
  };
}

/** Who it is, in the log and in the ARN: of 2 to 64 characters that STS takes. */
function sessionName({ email, preferred_username: user, sub }: Record<string, unknown>): string {
  const name = [email, user, sub].find((one) => typeof one === "string" && one !== "");
  const taken = String(name ?? "")
    .replaceAll(/[^\w+=,.@-]/g, "-")
    .slice(0, 64);
  return taken.length < 2 ? "console" : taken;
}

/** Whom a token is about. */
function subjectOf(idToken: string): string {
  const { sub } = claimsOf(idToken);
  if (typeof sub !== "string") throw refused("the provider's id token names nobody");
  return sub;
}

/** What a token says. STS verifies it; here it is only read. */
function claimsOf(token: string): Record<string, unknown> {
  try {
    const text = atob((token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
  } catch {
    throw refused("the provider's id token is no JWT");
  }
}

/** To be registered with the provider. */
function redirectUri(): string {
  return location.origin + import.meta.env.BASE_URL;
}

function randomText(): string {
  return base64Url(crypto.getRandomValues(new Uint8Array(32)));
}

function base64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

function refused(message: string): AwsError {
  return new AwsError({ code: "SignInRefused", message, status: 400 });
}
