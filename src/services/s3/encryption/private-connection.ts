import type { RequestFacts } from "../../../auth/access.ts";
import type { StoreSettings } from "../../../store/settings.ts";

/**
 * Whether a client's key (SSE-C) is allowed over the connection. S3 allows it over TLS only. Here
 * it is also allowed from the same machine, and from everywhere if the deployment says so.
 */
export function isPrivateConnection(facts: RequestFacts, { customerKeysOverHttp }: StoreSettings): boolean {
  const address = facts.context("aws:sourceip");
  return (
    customerKeysOverHttp ||
    facts.context("aws:securetransport") === "true" ||
    (typeof address === "string" && /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/i.test(address))
  );
}
