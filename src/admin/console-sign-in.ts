import { isTrustedUrl } from "../base/trusted-url.ts";

/** An OpenID Connect provider by which people sign in to the console. All of it is told to everybody who opens the console. */
export interface SignInProvider {
  /** What stands on the button. */
  readonly name: string;
  /** As the provider's tokens and its discovery document name it. */
  readonly issuer: string;
  readonly clientId: string;
  /** What is asked for: `openid` at least. */
  readonly scope: string;
  /** Roles to choose from. None: whoever signs in types the role's ARN. */
  readonly roleArns: readonly string[];
  /** Further origins that the browser may ask: of the token endpoint, where it is not the issuer's. */
  readonly origins: readonly string[];
}

const NAME = "SHERD_CONSOLE_OIDC";
const MEMBERS: ReadonlySet<string> = new Set(["name", "issuer", "clientId", "scope", "roleArns", "origins"]);
const PROVIDERS_MAX = 10;
const LIST_MAX = 20;
const TEXT_MAX = 512;
const ROLE_ARN = /^arn:aws:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/;
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/;

/** Reads `SHERD_CONSOLE_OIDC`, a JSON list. Throws an `Error` that says what to mend. */
export function readSignInProviders(text: unknown): SignInProvider[] {
  if (text === undefined || String(text).trim() === "") return [];
  let value: unknown;
  try {
    value = JSON.parse(String(text));
  } catch {
    throw wrong("it must be JSON");
  }
  if (!Array.isArray(value) || value.length > PROVIDERS_MAX) {
    throw wrong(`it must be a list of at most ${PROVIDERS_MAX} providers`);
  }
  return value.map((one, index) => readProvider(one, `provider ${index + 1}`));
}

/** What the console is told before anybody has signed in. */
export function signInDocument(providers: readonly SignInProvider[]): string {
  const shown = providers.map(({ origins: _, ...provider }) => provider);
  return `${JSON.stringify({ providers: shown })}\n`;
}

/** Origins that the console's policy must allow the browser to ask. */
export function signInOrigins(providers: readonly SignInProvider[]): string[] {
  const all = providers.flatMap(({ issuer, origins }) => [new URL(issuer).origin, ...origins]);
  return [...new Set(all)];
}

function readProvider(value: unknown, at: string): SignInProvider {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(`${at} must be an object`);
  const members = new Map<string, unknown>(Object.entries(value));
  const odd = [...members.keys()].find((name) => !MEMBERS.has(name));
  if (odd !== undefined) throw wrong(`${at} has a member ${JSON.stringify(odd)}: there are ${[...MEMBERS].join(", ")}`);
  const text = (name: string, otherwise?: string) => {
    const found = members.get(name) ?? otherwise;
    if (typeof found === "string" && found !== "" && found.length <= TEXT_MAX) return found;
    throw wrong(`${at}: ${name} must be a text of 1 to ${TEXT_MAX} characters`);
  };
  const list = (name: string) => {
    const found = members.get(name) ?? [];
    if (Array.isArray(found) && found.length <= LIST_MAX && found.every((one) => typeof one === "string")) return found;
    throw wrong(`${at}: ${name} must be a list of at most ${LIST_MAX} texts`);
  };
  const issuer = text("issuer");
  if (!isAddress(issuer))
    throw wrong(`${at}: issuer must be an https URL without a query, not ${JSON.stringify(issuer)}`);
  const scope = text("scope", "openid");
  if (!SCOPE.test(scope) || !scope.split(" ").includes("openid")) throw wrong(`${at}: scope must name openid`);
  const roleArns = list("roleArns");
  if (!roleArns.every((arn) => ROLE_ARN.test(arn))) throw wrong(`${at}: roleArns must be ARNs of roles`);
  const origins = list("origins");
  if (!origins.every((origin) => isAddress(origin) && new URL(origin).origin === origin)) {
    throw wrong(`${at}: origins must be origins, such as https://tokens.example.org`);
  }
  return { name: text("name", new URL(issuer).host), issuer, clientId: text("clientId"), scope, roleArns, origins };
}

/** A source of a Content-Security-Policy cannot hold an IPv6 address. */
function isAddress(text: string): boolean {
  if (!isTrustedUrl(text)) return false;
  const { hostname, search, hash, username, password } = new URL(text);
  const isPlain = !/[?#\s;,'"]/.test(text) && search + hash + username + password === "";
  return isPlain && /^[a-z0-9.-]+$/.test(hostname);
}

function wrong(what: string): Error {
  return new Error(`${NAME} cannot be used: ${what}`);
}
