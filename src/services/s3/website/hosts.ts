/** Host names that serve buckets as websites, lower case. */
export interface WebsiteHosts {
  /** `<bucket>.<one of these>` is the website of the bucket. */
  readonly domains: readonly string[];
  /**
   * Each is the website of the bucket of that name; one that begins with `*.` matches all names
   * with that ending.
   */
  readonly customHosts: readonly string[];
}

export interface WebsiteVariables {
  SHERD_WEBSITE_DOMAIN?: string;
  SHERD_WEBSITE_HOSTS?: string;
}

/** Reads SHERD_WEBSITE_DOMAIN and SHERD_WEBSITE_HOSTS: names separated by commas. Throws an `Error` that says what to fix. */
export function readWebsiteHosts(variables: WebsiteVariables): WebsiteHosts {
  return {
    domains: names(variables.SHERD_WEBSITE_DOMAIN, "SHERD_WEBSITE_DOMAIN", /^[a-z0-9-]+(\.[a-z0-9-]+)*$/),
    customHosts: names(variables.SHERD_WEBSITE_HOSTS, "SHERD_WEBSITE_HOSTS", /^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$/),
  };
}

function names(value: string | undefined, variable: keyof WebsiteVariables, form: RegExp): string[] {
  const all = (value ?? "").toLowerCase().split(",");
  const found = all.map((name) => name.trim()).filter((name) => name !== "");
  const wrong = found.find((name) => !form.test(name));
  if (wrong !== undefined) throw new Error(`${variable} has ${JSON.stringify(wrong)}, which is no host name`);
  return found;
}

/**
 * The bucket whose website a host name is, or null if it is not one. A website's host serves
 * nothing else: no API, no pages of the server.
 */
export function bucketOfWebsite(hostname: string, { domains, customHosts }: WebsiteHosts): string | null {
  for (const domain of domains) {
    // The domain itself names no bucket, and serves nothing else either.
    if (hostname === domain) return "";
    if (hostname.endsWith(`.${domain}`)) return hostname.slice(0, -domain.length - 1);
  }
  const isCustom = customHosts.some((name) =>
    name.startsWith("*.") ? hostname.endsWith(name.slice(1)) : hostname === name,
  );
  return isCustom ? hostname : null;
}
