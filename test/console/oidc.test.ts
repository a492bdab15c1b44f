import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { arriveFromProvider, renew, signOutPage } from "../../console/src/session/oidc.ts";

const ISSUER = "https://idp.example.com";
const ROLE = "arn:aws:iam::100000000001:role/console";
const provider = { name: "Example", issuer: ISSUER, clientId: "console", scope: "openid", roleArns: [ROLE] };

let namesItself: boolean;
let claims: Record<string, unknown>;
let asked: string[];

beforeEach(() => {
  namesItself = true;
  claims = { sub: "ann", nonce: "n" };
  asked = [];
  vi.stubGlobal("history", { replaceState: () => {} });
  vi.stubGlobal("fetch", async (url: string) => {
    asked.push(url);
    return answerOf(url);
  });
});
afterEach(() => vi.unstubAllGlobals());

/** The provider's answers; the store's, which takes no token here. */
function answerOf(url: string): Response {
  if (url === `${ISSUER}/.well-known/openid-configuration`) {
    const endpoints = { authorization_endpoint: `${ISSUER}/authorize`, token_endpoint: `${ISSUER}/token` };
    return Response.json({ issuer: ISSUER, ...endpoints, authorization_response_iss_parameter_supported: namesItself });
  }
  if (url === `${ISSUER}/token`) return Response.json({ id_token: `e30.${btoa(JSON.stringify(claims))}.` });
  return new Response(null, { status: 503 });
}

/** The tab comes back from the provider with this behind its address. */
function arrive(search: string): Promise<unknown> {
  const pending = { provider, roleArn: ROLE, state: "s", nonce: "n", verifier: "v", hash: "" };
  vi.stubGlobal("sessionStorage", { getItem: () => JSON.stringify(pending), removeItem: () => {} });
  vi.stubGlobal("location", { search, pathname: "/", origin: "https://console.example.com" });
  return outcome(arriveFromProvider());
}

const outcome = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "taken",
    (error: unknown) => (asked.includes("/") ? "brought to the store" : (error as Error).message),
  );

describe("the answer of a provider", () => {
  test("must name the provider where it says that it does", async () => {
    expect(await arrive("?state=s&code=c")).toBe("the answer names no issuer");
    expect(await arrive("?state=s&error=access_denied")).toBe("the answer names no issuer");
    expect(asked).not.toContain(`${ISSUER}/token`);
    expect(await arrive(`?state=s&code=c&iss=${encodeURIComponent(ISSUER)}`)).toBe("brought to the store");
  });

  test("may leave it out where the provider does not say so", async () => {
    namesItself = false;
    expect(await arrive("?state=s&error=access_denied")).toBe("access_denied");
    expect(await arrive("?state=s&code=c")).toBe("brought to the store");
  });

  test("names no other in any case", async () => {
    namesItself = false;
    expect(await arrive("?state=s&code=c&iss=https://other.example.com")).toBe("the answer is of another issuer");
    expect(asked).toEqual([]);
  });
});

test("a token to another question is not taken", async () => {
  claims = { sub: "ann", nonce: "other" };
  const answer = await arrive(`?state=s&code=c&iss=${encodeURIComponent(ISSUER)}`);
  expect(answer).toBe("the token is to no question of this tab");
});

describe("a token that renews", () => {
  const renewal = { provider, roleArn: ROLE, subject: "ann", refreshToken: "r" };

  test.each([{ sub: "bob" }, { sub: "" }, { sub: ["ann"] }, {}])("is refused if it is about %o", async (about) => {
    claims = about;
    expect(await outcome(renew(renewal))).toMatch(/another reader|names nobody/);
  });

  test("is taken if it is about the same reader", async () => {
    expect(await outcome(renew(renewal))).toBe("brought to the store");
  });
});

describe("sign-out at the provider", () => {
  const pageOf = async (document: object): Promise<URL | null> => {
    vi.stubGlobal("location", { origin: "https://console.example.com" });
    const endpoints = { authorization_endpoint: `${ISSUER}/authorize`, token_endpoint: `${ISSUER}/token` };
    vi.stubGlobal("fetch", async () => Response.json({ issuer: ISSUER, ...endpoints, ...document }));
    return signOutPage(provider);
  };

  test("is told the way back and no token, beside what the address has already", async () => {
    const url = await pageOf({ end_session_endpoint: `${ISSUER}/end?tenant=1` });
    expect([`${url?.origin}${url?.pathname}`, Object.fromEntries(url?.searchParams ?? [])]).toEqual([
      `${ISSUER}/end`,
      {
        tenant: "1",
        client_id: "console",
        post_logout_redirect_uri: expect.stringMatching(/^https:\/\/console\.example\.com\//),
      },
    ]);
  });

  test("is left out where the provider has no page for it", async () => {
    expect(await pageOf({})).toBeNull();
  });
});
