import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { Provider } from "oidc-provider";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { FIRST_ACCOUNT_ID } from "../../../src/metadata/identities/accounts.ts";
import type { Answered } from "../iam/support/iam.ts";
import { StsRig } from "./support/sts.ts";

/**
 * A real OpenID Connect provider on this machine (npm `oidc-provider`): it signs ID tokens with keys of its own, and its discovery
 * and key set are what the server reads.
 */
let provider: Provider;
let server: Server;
let issuer: string;
let host: string;
let rig: StsRig;
let privateKey: CryptoKey;

const account = FIRST_ACCOUNT_ID;

async function keyPair(kid: string) {
  const pair = await generateKeyPair("RS256", { extractable: true });
  return { privateKey: pair.privateKey, jwk: { ...(await exportJWK(pair.privateKey)), kid, alg: "RS256", use: "sig" } };
}

beforeAll(async () => {
  server = createServer((request, response) => void provider.callback()(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  issuer = `http://${host}`;
  await useKey("first");
});
afterAll(() => server.close());

async function useKey(kid: string): Promise<void> {
  const made = await keyPair(kid);
  privateKey = made.privateKey;
  const clients = [{ client_id: "app", client_secret: "s", redirect_uris: ["http://127.0.0.1/cb"] }];
  provider = new Provider(issuer, { clients, jwks: { keys: [made.jwk] } } as never);
}

beforeEach(async () => {
  rig = await StsRig.open();
  await rig.iam.ok("CreateOpenIDConnectProvider", { Url: issuer, ClientIDList: ["app", "other-app"] });
  await rig.role("web", {
    Effect: "Allow",
    Principal: { Federated: `arn:aws:iam::${account}:oidc-provider/${host}` },
    Action: "sts:AssumeRoleWithWebIdentity",
    Condition: { StringEquals: { [`${host}:aud`]: "app" }, StringLike: { [`${host}:sub`]: "robot-*" } },
  });
});

interface Claims {
  sub?: string;
  aud?: string | string[];
  iss?: string;
  issuedS?: number;
  lifeS?: number;
  more?: Record<string, unknown>;
  kid?: string;
}

/** What the provider's own ID tokens look like, signed with the provider's key. */
async function token({
  sub = "robot-7",
  aud = "app",
  iss = issuer,
  lifeS = 300,
  more = {},
  kid = "first",
  issuedS,
}: Claims = {}) {
  const now = issuedS ?? Math.floor(rig.iam.clock.now() / 1000);
  return new SignJWT(more)
    .setProtectedHeader({ alg: "RS256", kid })
    .setIssuer(iss)
    .setSubject(sub)
    .setAudience(aud)
    .setIssuedAt(now)
    .setExpirationTime(now + lifeS)
    .sign(privateKey);
}

async function assume(WebIdentityToken: string, more: Record<string, unknown> = {}, role = "web"): Promise<Answered> {
  const RoleArn = `arn:aws:iam::${account}:role/${role}`;
  return rig.call(rig.anonymous(), "AssumeRoleWithWebIdentity", {
    RoleArn,
    RoleSessionName: "s1",
    WebIdentityToken,
    ...more,
  });
}

describe("AssumeRoleWithWebIdentity", () => {
  it("gives a session for a token that the provider signed", async () => {
    const { status, result } = await assume(await token());
    expect(status).toBe(200);
    expect(result).toMatchObject({
      SubjectFromWebIdentityToken: "robot-7",
      Audience: "app",
      Provider: `arn:aws:iam::${account}:oidc-provider/${host}`,
      AssumedRoleUser: { Arn: `arn:aws:sts::${account}:assumed-role/web/s1` },
    });
    const { claims } = rig.opened(result.Credentials);
    expect(claims).toMatchObject({ owner: { kind: "role", sessionName: "s1" }, accountId: account, policy: null });
    expect(claims.expiresMs - claims.issuedMs).toBe(3_600_000);
  });

  it("takes no claim for the subject that differs from it in case", { tags: ["slow"] }, async () => {
    expect((await assume(await token({ sub: "somebody", more: { sub: "somebody", Sub: "robot-7" } }))).status).toBe(
      403,
    );
  });

  it("asks no issuer by plain HTTP, though one of the same name is registered with HTTPS", async () => {
    await rig.iam.ok("CreateOpenIDConnectProvider", { Url: "https://idp.example.org", ClientIDList: ["app"] });
    rig.requests.length = 0;
    const answer = await assume(await token({ iss: "http://idp.example.org" }));
    expect(answer).toMatchObject({ status: 400, code: "InvalidIdentityToken" });
    expect(rig.requests).toEqual([]);
  });

  it("takes tags and the source identity from claims if the trust policy lets it", async () => {
    const claims = {
      "https://aws.amazon.com/tags": { principal_tags: { team: ["blue"], cost: ["7"] }, transitive_tag_keys: ["team"] },
      "https://aws.amazon.com/source_identity": "ann",
    };
    expect(await assume(await token({ more: claims }))).toMatchObject({ status: 403, code: "AccessDenied" });
    await rig.role("tagged", {
      Effect: "Allow",
      Principal: { Federated: `arn:aws:iam::${account}:oidc-provider/${host}` },
      Action: ["sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"],
      Condition: { StringEquals: { "aws:RequestTag/team": "blue", "sts:SourceIdentity": "ann" } },
    });
    const { status, result } = await assume(await token({ more: claims }), {}, "tagged");
    expect([status, result.SourceIdentity]).toEqual([200, "ann"]);
    expect(rig.opened(result.Credentials).claims).toMatchObject({
      tags: [
        ["team", "blue"],
        ["cost", "7"],
      ],
      transitiveTagKeys: ["team"],
      sourceIdentity: "ann",
    });
    const odd = { "https://aws.amazon.com/tags": { principal_tags: { team: [1] } } };
    expect(await assume(await token({ more: odd }), {}, "tagged")).toMatchObject({ code: "InvalidIdentityToken" });
  });

  it.each([
    ["another subject", { sub: "ann" }, "AccessDenied"],
    ["an audience that the trust policy does not name", { aud: "other-app" }, "AccessDenied"],
    ["an audience that is not registered", { aud: "stranger" }, "InvalidIdentityToken"],
    ["an authorised party that is not registered", { more: { azp: "stranger" } }, "InvalidIdentityToken"],
    ["an authorised party that is registered", { aud: ["x", "app"], more: { azp: "app" } }, null],
    ["a token that has ended", { issuedS: Date.UTC(2026, 10, 29, 5) / 1000 }, "ExpiredTokenException"],
    ["an issuer that is not registered", { iss: "https://idp.example.com" }, "InvalidIdentityToken"],
    ["a key that the issuer does not have", { kid: "strange" }, "InvalidIdentityToken"],
  ] as const)("%s", { tags: ["slow"] }, async (_, claims, code) => {
    expect((await assume(await token(claims as Claims))).code).toBe(code);
  });

  const altered: Record<string, () => Promise<string>> = {
    "what is no token": async () => "no.token.here",
    "another signature": async () => `${(await token()).split(".").slice(0, 2).join(".")}.${"A".repeat(342)}`,
    "no signature": async () => `${btoa('{"alg":"none"}').replaceAll("=", "")}.${(await token()).split(".")[1]}.`,
    "other claims under the same signature": async () => {
      const [head, , signature] = (await token({ sub: "ann" })).split(".");
      return [head, (await token()).split(".")[1], signature].join(".");
    },
  };
  it.each(Object.keys(altered))("%s is refused, and not repeated", async (name) => {
    const sent = (await altered[name]?.()) ?? "";
    const { status, code, body } = await assume(sent);
    expect([status, code]).toEqual([400, "InvalidIdentityToken"]);
    expect(body).not.toContain(sent.slice(0, 20));
  });

  it("reads the keys again when the issuer has a new one, and not at every unknown key", {
    tags: ["slow"],
  }, async () => {
    expect((await assume(await token())).status).toBe(200);
    await useKey("second");
    expect((await assume(await token({ kid: "second" }))).code).toBe("InvalidIdentityToken");
    await rig.iam.clock.advance(31_000);
    expect((await assume(await token({ kid: "second" }))).status).toBe(200);
    const asked = rig.requests.length;
    expect((await assume(await token({ kid: "third" }))).code).toBe("InvalidIdentityToken");
    expect((await assume(await token({ kid: "fourth" }))).code).toBe("InvalidIdentityToken");
    expect(rig.requests.length).toBe(asked);
    await useKey("first");
  });

  it("says that the issuer cannot be reached, and uses the keys that it knows meanwhile", async () => {
    rig.answerWith(() => new Response("no", { status: 500 }));
    expect(await assume(await token())).toMatchObject({ status: 400, code: "IDPCommunicationError" });
    rig.answerWith(null);
    expect((await assume(await token())).status).toBe(200);
    rig.answerWith(() => new Response("no", { status: 500 }));
    await rig.iam.clock.advance(3_600_000);
    expect((await assume(await token())).status).toBe(200);
  });

  it.each([
    ["another issuer's document", { issuer: "https://elsewhere.example", jwks_uri: "https://elsewhere.example/keys" }],
    ["keys over plain HTTP elsewhere", { issuer: "self", jwks_uri: "http://elsewhere.example/keys" }],
    ["a document that is too large", { issuer: "self", jwks_uri: "self", padding: "x".repeat(300_000) }],
  ])("does not follow %s", { tags: ["slow"] }, async (_, document) => {
    const own = { ...document, issuer: document.issuer === "self" ? issuer : document.issuer };
    rig.answerWith(() => new Response(JSON.stringify(own)));
    expect(await assume(await token())).toMatchObject({ code: "IDPCommunicationError" });
    expect(rig.requests).toEqual([`${issuer}/.well-known/openid-configuration`]);
  });

  it("asks nobody whom the account has not registered", async () => {
    await assume(await token({ iss: "https://internal.example" }));
    expect(rig.requests).toEqual([]);
  });

  it("limits a session by the role's longest duration and by session policies", async () => {
    const long = await assume(await token(), { DurationSeconds: 7_200 });
    expect(long).toMatchObject({ code: "ValidationError" });
    expect(await assume(await token(), { Policy: "{}" })).toMatchObject({ code: "MalformedPolicyDocument" });
    const PolicyArns = [{ arn: "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess" }];
    const { result } = await assume(await token(), { PolicyArns });
    expect(rig.opened(result.Credentials).claims.policyArns).toEqual(PolicyArns.map(({ arn }) => arn));
  });
});
