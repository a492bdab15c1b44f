import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { firstAccount } from "../../../../src/auth/principal.ts";
import { root, type S3As, type S3Request, s3As, user } from "../../../support/s3-as.ts";
import { openTestStore, type TestStore } from "../../../support/store.ts";

/*
 * Each condition key of S3, with a request that has the value and one that has not. The keys are of "Actions, resources, and condition
 * keys for Amazon S3" in the Service Authorization Reference.
 */

let rig: TestStore;
beforeAll(async () => {
  rig = await openTestStore();
  const as = s3As(rig.store, root);
  await done(as, { method: "PUT", path: "/box", headers: { "x-amz-bucket-object-lock-enabled": "true" } });
  await done(as, { method: "PUT", path: "/open", headers: { "x-amz-object-ownership": "ObjectWriter" } });
  await done(as, { method: "PUT", path: "/box/red", body: "x", headers: { "x-amz-tagging": "color=red&Size=L" } });
  await done(as, { method: "PUT", path: "/box/bare", body: "x" });
});
afterAll(() => rig.dispose());

async function done(as: S3As, request: S3Request): Promise<void> {
  const { status, text } = await as(request);
  if (status >= 300) throw new Error(`${request.path}: ${status} ${text}`);
}

interface Row {
  /** Operator, key, value. */
  condition: readonly [string, string, unknown];
  /** The request that meets it, and one that does not. */
  met: S3Request;
  unmet: S3Request;
}

const put = (headers: Record<string, string>, path = "/box/k"): S3Request => ({
  method: "PUT",
  path,
  body: "x",
  headers,
});
const document = (path: string, body: string): S3Request => ({ method: "PUT", path, body });
const tags = (tag: string) => `<Tagging><TagSet><Tag><Key>${tag}</Key><Value>1</Value></Tag></TagSet></Tagging>`;
const hold = (status: string) => `<LegalHold><Status>${status}</Status></LegalHold>`;
/** Of "x". */
const locked = (until: string, mode = "GOVERNANCE") =>
  put({
    "content-md5": "ndTkYSaMgDT1yFZOFVxnpg==",
    "x-amz-object-lock-mode": mode,
    "x-amz-object-lock-retain-until-date": until,
  });
const location = (name: string, constraint: string): S3Request => ({
  method: "PUT",
  path: `/${name}`,
  body: `<CreateBucketConfiguration><LocationConstraint>${constraint}</LocationConstraint></CreateBucketConfiguration>`,
});

const rows: Row[] = [
  { condition: ["StringLike", "s3:prefix", "home/*"], met: { path: "/box?prefix=home/ann" }, unmet: { path: "/box" } },
  {
    condition: ["StringEquals", "s3:delimiter", "/"],
    met: { path: "/box?versions&delimiter=/" },
    unmet: { path: "/box?versions&delimiter=-" },
  },
  {
    condition: ["NumericLessThanEquals", "s3:max-keys", "10"],
    met: { path: "/box?max-keys=10" },
    unmet: { path: "/box?max-keys=11" },
  },
  {
    condition: ["StringEquals", "s3:ExistingObjectTag/color", "red"],
    met: { path: "/box/red" },
    unmet: { path: "/box/bare" },
  },
  {
    condition: ["StringEquals", "s3:ExistingObjectTag/size", "L"],
    met: { path: "/box/red?tagging" },
    unmet: { path: "/box/bare?tagging" },
  },
  {
    condition: ["StringEquals", "s3:ExistingObjectTag/color", "red"],
    met: document(
      "/box/red?tagging",
      "<Tagging><TagSet><Tag><Key>color</Key><Value>red</Value></Tag></TagSet></Tagging>",
    ),
    unmet: document("/box/bare?tagging", tags("a")),
  },
  {
    condition: ["StringEquals", "s3:RequestObjectTag/a", "1"],
    met: put({ "x-amz-tagging": "a=1" }),
    unmet: put({ "x-amz-tagging": "a=2" }),
  },
  {
    condition: ["StringEquals", "s3:RequestObjectTag/a", "1"],
    met: document("/box/k?tagging", tags("a")),
    unmet: document("/box/k?tagging", tags("b")),
  },
  {
    condition: ["ForAllValues:StringEquals", "s3:RequestObjectTagKeys", ["a", "b"]],
    met: put({ "x-amz-tagging": "a=1&b=1" }),
    unmet: put({ "x-amz-tagging": "a=1&c=1" }),
  },
  {
    condition: ["StringEquals", "s3:VersionId", "null"],
    met: { method: "DELETE", path: "/box/absent?versionId=null" },
    unmet: { method: "DELETE", path: "/box/absent" },
  },
  {
    condition: ["StringEquals", "s3:x-amz-acl", "private"],
    met: put({ "x-amz-acl": "private" }, "/open/k"),
    unmet: put({}, "/open/k"),
  },
  {
    condition: ["StringLike", "s3:x-amz-grant-read", `id="${firstAccount.canonicalId}"`],
    met: put({ "x-amz-grant-read": `id="${firstAccount.canonicalId}"` }, "/open/k"),
    unmet: put({}, "/open/k"),
  },
  {
    condition: ["StringLike", "s3:x-amz-copy-source", "box/red"],
    met: { method: "PUT", path: "/box/copy", headers: { "x-amz-copy-source": "/box/red" } },
    unmet: { method: "PUT", path: "/box/copy", headers: { "x-amz-copy-source": "/box/bare" } },
  },
  {
    condition: ["StringEquals", "s3:x-amz-metadata-directive", "REPLACE"],
    met: {
      method: "PUT",
      path: "/box/copy",
      headers: { "x-amz-copy-source": "/box/red", "x-amz-metadata-directive": "REPLACE" },
    },
    unmet: { method: "PUT", path: "/box/copy", headers: { "x-amz-copy-source": "/box/red" } },
  },
  {
    condition: ["StringEquals", "s3:x-amz-storage-class", "STANDARD"],
    met: put({ "x-amz-storage-class": "STANDARD" }),
    unmet: put({}),
  },
  {
    condition: ["Null", "s3:if-none-match", "false"],
    met: put({ "if-none-match": "*" }, "/box/once"),
    unmet: put({}, "/box/once"),
  },
  {
    condition: ["Null", "s3:if-match", "false"],
    met: { method: "DELETE", path: "/box/once", headers: { "if-match": "*" } },
    unmet: { method: "DELETE", path: "/box/once" },
  },
  {
    condition: ["Bool", "s3:ObjectCreationOperation", "false"],
    met: { method: "POST", path: "/box/k?uploads" },
    unmet: put({}),
  },
  {
    condition: ["StringEquals", "s3:object-lock-mode", "GOVERNANCE"],
    met: locked("2040-01-01T00:00:00Z"),
    unmet: locked("2040-01-01T00:00:00Z", "COMPLIANCE"),
  },
  {
    condition: ["NumericLessThan", "s3:object-lock-remaining-retention-days", "10000"],
    met: locked("2040-01-01T00:00:00Z"),
    unmet: locked("2090-01-01T00:00:00Z"),
  },
  {
    condition: ["DateLessThan", "s3:object-lock-retain-until-date", "2050-01-01T00:00:00Z"],
    met: locked("2040-01-01T00:00:00Z"),
    unmet: locked("2090-01-01T00:00:00Z"),
  },
  {
    condition: ["StringEquals", "s3:object-lock-legal-hold", "OFF"],
    met: document("/box/k?legal-hold", hold("OFF")),
    unmet: document("/box/k?legal-hold", hold("ON")),
  },
  {
    condition: ["StringEquals", "s3:ResourceAccount", firstAccount.accountId],
    met: { path: "/box/red" },
    unmet: { path: "/" },
  },
  {
    condition: ["StringEquals", "aws:ResourceAccount", firstAccount.accountId],
    met: { path: "/box/red" },
    unmet: { path: "/" },
  },
  {
    condition: ["StringEquals", "s3:LocationConstraint", "eu-west-1"],
    met: location("in-europe", "eu-west-1"),
    unmet: location("in-africa", "af-south-1"),
  },
  {
    condition: ["StringEquals", "s3:x-amz-object-ownership", "BucketOwnerEnforced"],
    met: { method: "PUT", path: "/owned", headers: { "x-amz-object-ownership": "BucketOwnerEnforced" } },
    unmet: { method: "PUT", path: "/unowned" },
  },
  {
    condition: ["StringEquals", "s3:x-amz-content-sha256", "UNSIGNED-PAYLOAD"],
    met: put({ "x-amz-content-sha256": "UNSIGNED-PAYLOAD" }),
    unmet: put({}),
  },
  {
    condition: ["StringEquals", "s3:authType", "REST-QUERY-STRING"],
    met: { path: "/box/red?X-Amz-Signature=x" },
    unmet: { path: "/box/red", headers: { authorization: "AWS4-HMAC-SHA256 x" } },
  },
  {
    condition: ["StringEquals", "s3:signatureversion", "AWS4-HMAC-SHA256"],
    met: { path: "/box/red", headers: { authorization: "AWS4-HMAC-SHA256 x" } },
    unmet: { path: "/box/red", headers: { authorization: "AWS x:y" } },
  },
  {
    condition: ["NumericLessThan", "s3:signatureAge", "600000"],
    met: { path: "/box/red?X-Amz-Signature=x&X-Amz-Date=99990101T000000Z" },
    unmet: { path: "/box/red?X-Amz-Signature=x&X-Amz-Date=20200101T000000Z" },
  },
  {
    condition: ["IpAddress", "aws:SourceIp", "203.0.113.0/24"],
    met: { path: "/box/red" },
    unmet: { path: "/absent-key" },
  },
];

describe.each(rows)("$condition", ({ condition: [operator, key, value], met, unmet }) => {
  const statement = { Effect: "Allow", Action: "s3:*", Resource: "*", Condition: { [operator]: { [key]: value } } };
  const policy = { Version: "2012-10-17", Statement: statement };

  test("allows the request that has it", async () => {
    const as = s3As(rig.store, user(firstAccount, [policy]));
    expect((await as(met)).code).toBe("");
  });

  // The two are known of every request.
  test.skipIf(key.startsWith("aws:"))("and not the one that has another or none", async () => {
    const as = s3As(rig.store, user(firstAccount, [policy]));
    expect((await as(unmet)).code).toBe("AccessDenied");
  });
});

describe("keys that no request here has", () => {
  test.each(["s3:DataAccessPointAccount", "s3:DataAccessPointArn", "s3:TlsVersion", "s3:x-amz-server-side-encryption"])(
    "%s",
    async (key) => {
      const absent = { Effect: "Allow", Action: "s3:*", Resource: "*", Condition: { Null: { [key]: "true" } } };
      const present = { ...absent, Condition: { Null: { [key]: "false" } } };
      const as = (Statement: unknown) => s3As(rig.store, user(firstAccount, [{ Version: "2012-10-17", Statement }]));
      expect((await as(absent)({ path: "/box/red" })).code).toBe("");
      expect((await as(present)({ path: "/box/red" })).code).toBe("AccessDenied");
    },
  );
});
