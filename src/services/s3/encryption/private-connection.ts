import type { RequestFacts } from "../../../auth/access.ts";
import type { StoreSettings } from "../../../store/settings.ts";

/**
 * Whether a client's key (SSE-C) may come over the connection. S3 takes it over TLS alone; here also from the machine itself, and from
 * everywhere if the deployment says so.
 */
export function isPrivateConnection(facts: RequestFacts, { customerKeysOverHttp }: StoreSettings): boolean {
  const address = facts.context("aws:sourceip");
  return (
    customerKeysOverHttp ||
    facts.context("aws:securetransport") === "true" ||
    (typeof address === "string" && /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/i.test(address))
  );
}
