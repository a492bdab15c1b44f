import type { ClientPatience } from "./client-patience.ts";
import type { Edge } from "./edge.ts";
import type { ClientAddress } from "./request-facts.ts";

/** Variables of the Worker that concern every exchange; docs/configuration.md explains each. */
export interface EdgeVariables {
  SHERD_DOMAIN?: string;
  SHERD_LOG_REQUESTS?: string;
  SHERD_CLIENT_ADDRESS_HEADER?: string;
  SHERD_CLIENT_IDLE_SECONDS?: string;
  SHERD_CLIENT_BYTES_PER_SECOND?: string;
  SHERD_READER_IDLE_SECONDS?: string;
  SHERD_RATE_LIMITS?: string;
  /** How many processes serve; `npm start` says so. */
  SHERD_FRONTS?: string;
}

export interface EdgeSettings {
  /** Lower case. A request to `<bucket>.<one of these>` is virtual-hosted-style. */
  readonly baseDomains: readonly string[];
  readonly logRequests: Edge["logRequests"];
  readonly clientAddress: ClientAddress;
  readonly patience: ClientPatience;
}

/** Throws an `Error` that says what to fix. */
export function readEdgeVariables(variables: EdgeVariables): EdgeSettings {
  const domains = (variables.SHERD_DOMAIN ?? "").toLowerCase().split(",");
  return {
    baseDomains: domains.map((domain) => domain.trim()).filter((domain) => domain !== ""),
    logRequests: parseLogRequests(variables.SHERD_LOG_REQUESTS ?? ""),
    clientAddress: parseClientAddress(variables.SHERD_CLIENT_ADDRESS_HEADER ?? ""),
    patience: {
      idleMs: 1000 * parseCount(variables, "SHERD_CLIENT_IDLE_SECONDS", { otherwise: 20, least: 1 }),
      bytesPerSecondMin: parseCount(variables, "SHERD_CLIENT_BYTES_PER_SECOND", { otherwise: 1024, least: 0 }),
      readerIdleMs: 1000 * parseCount(variables, "SHERD_READER_IDLE_SECONDS", { otherwise: 120, least: 1 }),
    },
  };
}

const COUNT_MAX = 86_400;

function parseCount(
  variables: EdgeVariables,
  name: keyof EdgeVariables,
  { otherwise, least }: { otherwise: number; least: number },
): number {
  const value = variables[name]?.trim() ?? "";
  if (value === "") return otherwise;
  if (/^\d{1,6}$/.test(value) && Number(value) >= least && Number(value) <= COUNT_MAX) return Number(value);
  throw new Error(`${name} must be a whole number from ${least} to ${COUNT_MAX}, not ${JSON.stringify(value)}`);
}

function parseLogRequests(value: string): Edge["logRequests"] {
  if (value.toLowerCase() === "json") return "json";
  return /^(1|true|yes|text)$/i.test(value) ? "text" : null;
}

function parseClientAddress(name: string): ClientAddress {
  if (name === "") return { from: "connection" };
  if (!/^[A-Za-z0-9-]{1,64}$/.test(name)) throw new Error("SHERD_CLIENT_ADDRESS_HEADER is no name of a header");
  return { from: "header", name: name.toLowerCase() };
}
