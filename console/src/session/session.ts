import { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { AwsClient, type Credentials } from "../aws/client.ts";
import { AwsError } from "../aws/errors.ts";
import { textAt } from "../aws/xml.ts";
import type { Provider, Renewal, Temporary } from "./temporary.ts";

/** Who signed in, as GetCallerIdentity says. */
export interface Identity {
  accountId: string;
  arn: string;
  userId: string;
}

export interface Session {
  client: AwsClient;
  identity: Identity;
  /** When temporary credentials end; null for a key, and where nobody knows. */
  expiresMs: number | null;
  renewal: Renewal | null;
  /** Null for a key. */
  signedInBy: Provider | null;
}

/** Answers of the store, forgotten at sign-out. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: false,
      retry: (count, error) =>
        count < 2 && error instanceof AwsError && (error.status === 0 || error.status >= 500) && error.status !== 501,
    },
    mutations: { retry: false },
  },
});

interface Kept {
  credentials: Credentials;
  region: string;
  expiresMs: number | null;
  renewal: Renewal | null;
  signedInBy: Provider | null;
}

/** Of the tab: another tab signs in by itself, and closing this one forgets it. */
const STORED = "sherd-session";
const listeners = new Set<() => void>();
let current: Session | null = null;
/** Why the last session ended, for the page of sign-in. */
let ended: "idle" | "expired" | null = null;
/** Why a sign-in by a provider came to nothing. */
let signInError: unknown = null;

const REGION_DEFAULT = "us-east-1";

/**
 * Signs in if the store knows the key. The region that the store signs for is found by its own answer. Throws `AwsError`. The secret is
 * kept in memory, and in the tab's session storage so that a reload does not ask again; it is never sent.
 */
export async function signIn(
  credentials: Credentials,
  temporary: Omit<Temporary, "credentials"> | null = null,
): Promise<void> {
  const region = await regionOf(credentials);
  const client = new AwsClient(credentials, { origin: location.origin, region });
  const identity = await identify(client);
  const { expiresMs = null, renewal = null, signedInBy = null } = temporary ?? {};
  keep({ credentials, region, expiresMs, renewal, signedInBy });
  ended = null;
  signInError = null;
  set({ client, identity, expiresMs, renewal, signedInBy });
}

/** Takes up the session that the tab had before it was loaded again. */
export async function resumeSession(): Promise<void> {
  const stored = sessionStorage.getItem(STORED);
  if (stored === null) return;
  try {
    const { credentials, region, expiresMs, renewal, signedInBy } = JSON.parse(stored) as Kept;
    if (expiresMs !== null && expiresMs <= Date.now()) return signOut("expired");
    const client = new AwsClient(credentials, { origin: location.origin, region });
    set({ client, identity: await identify(client), expiresMs, renewal, signedInBy });
  } catch {
    // The key has been taken away, or what is kept is damaged.
    signOut();
  }
}

/** Signs in with what a provider's token was exchanged for. What went wrong is told on the page of sign-in. */
export async function signInByProvider(arrive: () => Promise<Temporary>): Promise<void> {
  try {
    const { credentials, ...temporary } = await arrive();
    await signIn(credentials, temporary);
  } catch (error) {
    signInError = error;
  }
}

/** New credentials for a session: work that is under way goes on with them. Another that has begun by now does not get them. */
export function renewSession(session: Session, { credentials, ...temporary }: Temporary): void {
  if (current !== session) return;
  session.client.renew(credentials);
  keep({ credentials, region: session.client.region, ...temporary });
  set({ ...session, ...temporary });
}

function keep(kept: Kept): void {
  sessionStorage.setItem(STORED, JSON.stringify(kept));
}

/** Forgets the key and all that was read with it. */
export function signOut(reason: typeof ended = null): void {
  sessionStorage.removeItem(STORED);
  queries.clear();
  ended = reason;
  set(null);
}

/** Tells on the page of sign-in what went wrong at the provider. */
export function tellSignInError(error: unknown): void {
  signInError = error;
  set(current);
}

export function currentSession(): Session | null {
  return current;
}

export function useSession(): Session | null {
  return useSyncExternalStore(subscribe, currentSession);
}

/** The ARN of whoever is signed in; "" if nobody is. */
export function signedInArn(): string {
  return current?.identity.arn ?? "";
}

export function useSignInError(): unknown {
  return useSyncExternalStore(subscribe, () => signInError);
}

export function useEnded(): typeof ended {
  return useSyncExternalStore(subscribe, () => ended);
}

/** The client of whoever is signed in. Pages are drawn only then. */
export function useClient(): AwsClient {
  const session = useSession();
  if (session === null) throw new Error("nobody is signed in");
  return session.client;
}

function subscribe(changed: () => void): () => void {
  listeners.add(changed);
  return () => listeners.delete(changed);
}

function set(session: Session | null): void {
  current = session;
  for (const listener of listeners) listener();
}

async function regionOf(credentials: Credentials): Promise<string> {
  const client = new AwsClient(credentials, { origin: location.origin, region: REGION_DEFAULT });
  try {
    await client.s3({ path: "/" });
  } catch (error) {
    // AuthorizationHeaderMalformed names the region that is expected. Any other refusal is told by GetCallerIdentity.
    if (error instanceof AwsError && error.region !== null) return error.region;
    if (error instanceof AwsError && error.status === 0) throw error;
  }
  return REGION_DEFAULT;
}

async function identify(client: AwsClient): Promise<Identity> {
  const answer = await client.query("sts", "GetCallerIdentity");
  const of = (name: string) => textAt(answer, name);
  return { accountId: of("Account"), arn: of("Arn"), userId: of("UserId") };
}
