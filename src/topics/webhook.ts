import type { Clock } from "../base/clock.ts";
import { isPrivateHost } from "./private-hosts.ts";

/** A document for an http or https endpoint. */
export interface WebhookCall {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How an endpoint took it. `refused`: it will not take it later either, so it is not asked again. */
export type WebhookOutcome =
  | { readonly kind: "delivered" }
  | { readonly kind: "refused"; readonly reason: string }
  /** It answered that it cannot now. */
  | { readonly kind: "failed"; readonly reason: string }
  /** It was not reached, or did not answer in time. */
  | { readonly kind: "unreachable"; readonly reason: string };

/** Calls endpoints of subscriptions. */
export interface Webhooks {
  post(call: WebhookCall): Promise<WebhookOutcome>;
  /** Why an endpoint is not called, whatever it answers; null: it may be. */
  problem(url: string): string | null;
}

export interface WebhookParts {
  /** Goes to public addresses alone, unless private ones are allowed. */
  readonly fetch: typeof fetch;
  readonly allowsPrivate: boolean;
  readonly clock: Clock;
}

/** An endpoint has so long to answer: "Amazon SNS message delivery retries". */
const ANSWER_MS = 15_000;
const URL_CHARACTERS_MAX = 2_048;

/** Endpoints reached by `fetch`. Redirects are not followed, and of an answer nothing but its status is read. */
export function openWebhooks(parts: WebhookParts): Webhooks {
  const problem = (url: string) => problemOf(url, parts.allowsPrivate);
  return {
    problem,
    async post(one) {
      const reason = problem(one.url);
      if (reason !== null) return { kind: "refused", reason };
      try {
        return await post(parts, one);
      } catch (error) {
        // What throws here is no answer: asking again would throw again.
        return { kind: "refused", reason: reasonOf(error) };
      }
    },
  };
}

function problemOf(text: string, allowsPrivate: boolean): string | null {
  if (text.length > URL_CHARACTERS_MAX || !URL.canParse(text)) return "the endpoint is no URL";
  const url = new URL(text);
  const { protocol, hostname } = url;
  if (credentialsOf(url) === null) return "the endpoint's user name or password is not percent-encoded UTF-8";
  if (protocol !== "http:" && protocol !== "https:") return "the endpoint is neither http nor https";
  return !allowsPrivate && isPrivateHost(hostname) ? "the endpoint has a private address" : null;
}

async function post({ fetch, clock }: WebhookParts, { url, headers, body }: WebhookCall): Promise<WebhookOutcome> {
  const { target, authorization } = withoutCredentials(url);
  const ending = new AbortController();
  const timer = clock.timer(ANSWER_MS);
  const late = timer.done.then(() => {
    ending.abort();
    return { kind: "unreachable", reason: `no answer within ${ANSWER_MS / 1000} seconds` } as const;
  });
  try {
    return await Promise.race([
      late,
      send(fetch, target, {
        ...{ method: "POST", body, redirect: "manual", signal: ending.signal },
        headers: { ...headers, ...(authorization !== null && { authorization }) },
      }),
    ]);
  } finally {
    timer.cancel();
  }
}

async function send(fetch: WebhookParts["fetch"], url: string, init: RequestInit): Promise<WebhookOutcome> {
  let answer: Response;
  try {
    answer = await fetch(url, init);
  } catch (error) {
    return {
      kind: "unreachable",
      reason: reasonOf(error),
    };
  }
  // Whatever it sends more is not read. One that breaks off then has answered all the same.
  answer.body?.cancel().catch(() => {});
  return outcomeOf(answer.status);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 256) : "it cannot be called";
}

/** Answers of 200 to 299 take it. 429 and 500 to 599 are asked again, others are not: they are the endpoint's own fault. */
function outcomeOf(status: number): WebhookOutcome {
  if (status >= 200 && status <= 299) return { kind: "delivered" };
  const reason = `it answered ${status}`;
  return { kind: status === 429 || status >= 500 ? "failed" : "refused", reason };
}

/** A URL may hold a name and a password for basic authentication (RFC 7617), which fetch refuses. */
function withoutCredentials(text: string): { target: string; authorization: string | null } {
  const url = new URL(text);
  const pair = credentialsOf(url);
  if (pair === ":" || pair === null) return { target: text, authorization: null };
  url.username = "";
  url.password = "";
  const bytes = new TextEncoder().encode(pair);
  return { target: url.href, authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` };
}

/** `name:password`; null: they cannot be decoded. */
function credentialsOf({ username, password }: URL): string | null {
  try {
    return `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  } catch {
    return null;
  }
}

/** The URL as lists show it: without its password. What is no URL, as the ARN of a queue, or has none, is shown as it is. */
export function maskedUrl(text: string): string {
  if (!/^https?:/i.test(text)) return text;
  if (!URL.canParse(text)) return "****";
  const url = new URL(text);
  if (url.password === "") return text;
  url.password = "****";
  return url.href;
}
