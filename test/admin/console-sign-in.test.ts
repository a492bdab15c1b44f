import { describe, expect, test } from "vitest";
import { readSignInProviders, signInDocument, signInOrigins } from "../../src/admin/console-sign-in.ts";

const google = {
  name: "Google",
  issuer: "https://accounts.google.com",
  clientId: "1.apps.example",
  scope: "openid email",
  roleArns: ["arn:aws:iam::100000000001:role/team/console"],
  origins: ["https://oauth2.googleapis.com"],
};
const read = (...providers: object[]) => readSignInProviders(JSON.stringify(providers));

describe("SHERD_CONSOLE_OIDC", () => {
  test("names providers, and the origins that the browser may ask", () => {
    const local = { issuer: "http://127.0.0.1:5556/dex", clientId: "console" };
    const providers = read(google, local);
    expect(signInOrigins(providers)).toEqual([
      "https://accounts.google.com",
      "https://oauth2.googleapis.com",
      "http://127.0.0.1:5556",
    ]);
    const { origins: _, ...shown } = google;
    expect(JSON.parse(signInDocument(providers))).toEqual({
      providers: [shown, { ...local, name: "127.0.0.1:5556", scope: "openid", roleArns: [] }],
    });
    expect([readSignInProviders(undefined), readSignInProviders(" ")]).toEqual([[], []]);
  });

  test.each([
    [{ ...google, issuer: "http://id.example.org" }, "issuer must be an https URL"],
    [{ ...google, issuer: "https://id.example.org/?a=b" }, "issuer must be an https URL"],
    [{ ...google, issuer: "https://id.example.org/a; script-src *" }, "issuer must be an https URL"],
    [{ ...google, issuer: "https://user:pass@id.example.org" }, "issuer must be an https URL"],
    [{ ...google, issuer: "http://[::1]:9" }, "issuer must be an https URL"],
    [{ ...google, clientId: "" }, "clientId must be a text"],
    [{ ...google, clientSecret: "s" }, 'has a member "clientSecret"'],
    [{ ...google, scope: "email" }, "scope must name openid"],
    [{ ...google, roleArns: ["console"] }, "roleArns must be ARNs"],
    [{ ...google, origins: ["https://a.example.org/path"] }, "origins must be origins"],
    [{ ...google, origins: ["*"] }, "origins must be origins"],
    ["text", "must be an object"],
  ])("refuses %j", (provider, problem) => {
    expect(() => read(provider as object)).toThrow(problem);
    expect(() => read(provider as object)).toThrow("SHERD_CONSOLE_OIDC cannot be used");
  });

  test("refuses what is no list of JSON", () => {
    expect(() => readSignInProviders("[")).toThrow("it must be JSON");
    expect(() => readSignInProviders("{}")).toThrow("it must be a list");
  });
});
