import { describe, expect, test } from "vitest";
import { bucketOfWebsite, readWebsiteHosts } from "../../../../src/services/s3/website/hosts.ts";

const NONE = { domains: [], customHosts: [] };

describe("the variables", () => {
  test("are names separated by commas, in any case", () => {
    expect(readWebsiteHosts({})).toEqual(NONE);
    expect(readWebsiteHosts({ SHERD_WEBSITE_DOMAIN: " ", SHERD_WEBSITE_HOSTS: "," })).toEqual(NONE);
    const variables = {
      SHERD_WEBSITE_DOMAIN: "Website.Example.com, website.localhost",
      SHERD_WEBSITE_HOSTS: "www.example.org,*.Example.net",
    };
    expect(readWebsiteHosts(variables)).toEqual({
      domains: ["website.example.com", "website.localhost"],
      customHosts: ["www.example.org", "*.example.net"],
    });
  });

  test.each([
    ["SHERD_WEBSITE_DOMAIN", "https://website.example.com"],
    ["SHERD_WEBSITE_DOMAIN", "website.example.com:9000"],
    ["SHERD_WEBSITE_DOMAIN", "*.example.com"],
    ["SHERD_WEBSITE_DOMAIN", "website..com"],
    ["SHERD_WEBSITE_HOSTS", "*"],
    ["SHERD_WEBSITE_HOSTS", "*.com/"],
    ["SHERD_WEBSITE_HOSTS", "www.*.org"],
    ["SHERD_WEBSITE_HOSTS", "localhost"],
  ])("%s=%s is refused by name", (variable, value) => {
    expect(() => readWebsiteHosts({ [variable]: value })).toThrow(`${variable} has ${JSON.stringify(value)}`);
  });
});

describe("the bucket of a host", () => {
  const hosts = { domains: ["website.example.com"], customHosts: ["www.example.org", "*.example.net"] };

  test.each([
    ["photos.website.example.com", "photos"],
    ["a.b.website.example.com", "a.b"],
    ["www.example.org", "www.example.org"],
    ["any.example.net", "any.example.net"],
    ["a.b.example.net", "a.b.example.net"],
    // Nothing else is here either, and no bucket has the empty name.
    ["website.example.com", ""],
  ])("%s is that of %j", (hostname, bucket) => {
    expect(bucketOfWebsite(hostname, hosts)).toBe(bucket);
  });

  test.each([
    "example.com",
    "photoswebsite.example.com",
    "website.example.com.evil.org",
    "example.org",
    "a.www.example.org",
    "example.net",
    "anyexample.net",
    "localhost",
  ])("%s is no website", (hostname) => {
    expect(bucketOfWebsite(hostname, hosts)).toBeNull();
  });
});
