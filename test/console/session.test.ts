import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { watchIdle } from "../../console/src/session/idle.ts";
import { currentSession, renewSession, type Session, signIn, signOut } from "../../console/src/session/session.ts";

const keyOf = (accessKeyId: string) => ({ accessKeyId, secretAccessKey: "s", sessionToken: "t" });
const provider = { name: "Example", issuer: "https://id.example.org", clientId: "c", scope: "openid", roleArns: [] };
const renewed = {
  credentials: keyOf("renewed"),
  expiresMs: 2,
  renewal: null,
  signedInBy: provider,
};
let kept: string[];

beforeEach(() => {
  kept = [];
  vi.stubGlobal("location", { origin: "https://console.example.com" });
  vi.stubGlobal("sessionStorage", {
    setItem: (_: string, text: string) =>
      kept.push((JSON.parse(text) as { credentials: { accessKeyId: string } }).credentials.accessKeyId),
    removeItem: () => {},
  });
  vi.stubGlobal("fetch", async () => new Response("<a/>"));
  // Documents without elements: nothing here is about who signed in.
  const documentElement = { children: [] };
  vi.stubGlobal(
    "DOMParser",
    class {
      parseFromString = () => ({ documentElement, querySelector: () => null });
    },
  );
});
afterEach(() => {
  signOut();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function begin(accessKeyId: string): Promise<Session> {
  await signIn(keyOf(accessKeyId), { expiresMs: 1, renewal: null, signedInBy: provider });
  return currentSession() as Session;
}

test("renewed credentials are those of their session from then on", async () => {
  const session = await begin("first");
  renewSession(session, renewed);
  expect(currentSession()).toMatchObject({ client: session.client, expiresMs: 2 });
  expect([session.client.credentials.accessKeyId, kept]).toEqual(["renewed", ["first", "renewed"]]);
});

test("renewed credentials do not come into another session", async () => {
  const before = await begin("first");
  signOut();
  const after = await begin("second");
  renewSession(before, renewed);
  expect(currentSession()).toBe(after);
  expect([after.client.credentials.accessKeyId, kept]).toEqual(["second", ["first", "second"]]);
});

test("renewed credentials begin no session", async () => {
  const session = await begin("first");
  signOut();
  renewSession(session, renewed);
  expect([currentSession(), kept]).toEqual([null, ["first"]]);
});

test("a renewal is no use of the tab: nobody stays signed in by it", async () => {
  vi.useFakeTimers();
  vi.stubGlobal("window", new EventTarget());
  const session = await begin("first");
  const stop = watchIdle(() => false);
  vi.advanceTimersByTime(20 * 60_000);
  renewSession(session, renewed);
  vi.advanceTimersByTime(9 * 60_000);
  expect(currentSession()).not.toBeNull();
  vi.advanceTimersByTime(60_000);
  expect(currentSession()).toBeNull();
  stop();
});
