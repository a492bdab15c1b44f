import { expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { type ClientAddress, requestFacts } from "../../src/edge/request-facts.ts";
import { readEdgeVariables } from "../../src/edge/variables.ts";

const connection: ClientAddress = { from: "connection" };
const proxy: ClientAddress = { from: "header", name: "x-forwarded-for" };

function factsOf(
  headers: Record<string, string>,
  {
    cf,
    address = connection,
    url = "http://h/",
  }: {
    cf?: Record<string, unknown>;
    address?: ClientAddress;
    url?: string;
  } = {},
) {
  const request = Object.assign(new Request(url, { headers }), { cf }) as unknown as Request;
  return requestFacts(request, address, systemClock).context;
}

test.each([
  ["workerd's peer", {}, { cf: { clientIp: "192.0.2.7:51000" } }, "192.0.2.7"],
  ["workerd's peer, IPv6", {}, { cf: { clientIp: "[2001:db8::1]:51000" } }, "2001:db8::1"],
  ["Cloudflare's edge", { "cf-connecting-ip": "192.0.2.8" }, { cf: { colo: "AMS" } }, "192.0.2.8"],
  [
    "a header that anybody may send",
    { "cf-connecting-ip": "192.0.2.8", "x-forwarded-for": "192.0.2.9" },
    {},
    undefined,
  ],
  ["the same beside the peer", { "cf-connecting-ip": "192.0.2.8" }, { cf: { clientIp: "192.0.2.7:1" } }, "192.0.2.7"],
  ["a trusted proxy", { "x-forwarded-for": "192.0.2.9" }, { address: proxy }, "192.0.2.9"],
  ["what a client sent through it", { "x-forwarded-for": "10.0.0.1, 192.0.2.9" }, { address: proxy }, "192.0.2.9"],
  ["a proxy that names none", {}, { address: proxy, cf: { clientIp: "192.0.2.7:1" } }, undefined],
  ["no address", { "x-forwarded-for": "unknown" }, { address: proxy }, undefined],
] as const)("aws:SourceIp by %s", (_, headers, options, expected) => {
  expect(factsOf(headers, options)("aws:sourceip")).toBe(expected);
});

test("aws:SecureTransport is the connection's, or what the trusted proxy says", () => {
  expect(factsOf({})("aws:securetransport")).toBe("false");
  expect(factsOf({}, { url: "https://h/" })("aws:securetransport")).toBe("true");
  expect(factsOf({ "x-forwarded-proto": "https" })("aws:securetransport")).toBe("false");
  expect(factsOf({ "x-forwarded-proto": "https" }, { address: proxy })("aws:securetransport")).toBe("true");
});

test("the TLS version is what Cloudflare's edge says, and nothing a client sends", () => {
  const of = (cf: Record<string, unknown>, headers = {}) => {
    const request = Object.assign(new Request("https://h/", { headers }), { cf });
    return requestFacts(request, connection, systemClock).tlsVersion;
  };
  expect(of({ tlsVersion: "TLSv1.2" })).toBe("TLSv1.2");
  expect(of({}, { "cf-tls-version": "TLSv1.3" })).toBeUndefined();
  expect(of({ tlsVersion: 1.3 })).toBeUndefined();
});

test("the header of the address must be a name", () => {
  expect(readEdgeVariables({}).clientAddress).toEqual(connection);
  expect(readEdgeVariables({ SHERD_CLIENT_ADDRESS_HEADER: "X-Forwarded-For" }).clientAddress).toEqual(proxy);
  expect(() => readEdgeVariables({ SHERD_CLIENT_ADDRESS_HEADER: "no name" })).toThrow("SHERD_CLIENT_ADDRESS_HEADER");
});
