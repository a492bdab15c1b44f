import { once } from "node:events";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { StartError, systemCode } from "./start-error.ts";

/**
 * Tests whether the address can be listened on: workerd's own error messages name neither cause nor
 * address well. Throws a StartError that does.
 */
export async function probeListenAddress(host: string, port: number): Promise<void> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, "listening");
  } catch (error) {
    throw new StartError(listenRefusal(host, port, systemCode(error) ?? String(error)));
  }
  server.close();
  await once(server, "close");
}

/** Why an address cannot be listened on, from the system's error code. */
export function listenRefusal(host: string, port: number, code: string): string {
  switch (code) {
    case "EADDRINUSE":
      return `port ${port} on ${host} is already in use: stop what uses it, or choose another with --port`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `${host} is not an address of this machine: choose another with --host`;
    case "EACCES":
      return `port ${port} on ${host} needs more rights than this user has: choose one above 1023 with --port`;
    default:
      return `cannot listen on ${host} port ${port} (${code})`;
  }
}

/**
 * A host for use in a URL: IPv6 addresses in brackets, and for "all addresses" one that a client
 * can connect to.
 */
export function urlHost(host: string): string {
  if (isAny(host)) return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}

/**
 * Hosts, as in URLs, at which others reach a server that listens on all addresses; none if it
 * listens on one.
 */
export function otherUrlHosts(host: string, interfaces = networkInterfaces()): string[] {
  if (!isAny(host)) return [];
  const found = Object.values(interfaces).flatMap((addresses) => addresses ?? []);
  return found
    .filter(({ internal, family, address }) => !internal && (family === "IPv4" || isGlobalIn(host, address)))
    .map(({ family, address }) => (family === "IPv6" ? `[${address}]` : address));
}

function isAny(host: string): boolean {
  return host === "0.0.0.0" || host === "::" || host === "*";
}

/** IPv6 addresses that need no interface name, if the server listens on IPv6. */
function isGlobalIn(host: string, address: string): boolean {
  return host === "::" && !/^fe[89ab]/i.test(address);
}
