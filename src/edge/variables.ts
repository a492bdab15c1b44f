import type { Edge } from "./edge.ts";
import type { ClientAddress } from "./request-facts.ts";

/** Variables of the Worker that concern every exchange; docs/configuration.md explains each. */
export interface EdgeVariables {
  SHERD_DOMAIN?: string;
  SHERD_LOG_REQUESTS?: string;
  SHERD_CLIENT_ADDRESS_HEADER?: string;
}

export interface EdgeSettings {
  /** Lower case. A request to `<bucket>.<one of these>` is virtual-hosted-style. */
  readonly baseDomains: readonly string[];
  readonly logRequests: Edge["logRequests"];
  readonly clientAddress: ClientAddress;
}

/** Throws an `Error` that says what to fix. */
export function readEdgeVariables(variables: EdgeVariables): EdgeSettings {
  const domains = (variables.SHERD_DOMAIN ?? "").toLowerCase().split(",");
  return {
    baseDomains: domains.map((domain) => domain.trim()).filter((domain) => domain !== ""),
    logRequests: parseLogRequests(variables.SHERD_LOG_REQUESTS ?? ""),
    clientAddress: parseClientAddress(variables.SHERD_CLIENT_ADDRESS_HEADER ?? ""),
  };
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
