import {
  type CORSRule,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketCorsCommand,
  GetBucketCorsCommand,
  PutBucketCorsCommand,
} from "@aws-sdk/client-s3";
import { describe, expect, test } from "vitest";
import { describeConfiguration, useBucket } from "../../../support/bucket-configuration.ts";
import { elementText } from "../../../support/sherd.ts";
import { refusalOf } from "../refusal.ts";

const rig = useBucket();

const put = (CORSRules: CORSRule[], Bucket = "bucket") =>
  rig.client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
const get = async (Bucket = "bucket") => (await rig.client.send(new GetBucketCorsCommand({ Bucket }))).CORSRules;
const remove = (Bucket = "bucket") => rig.client.send(new DeleteBucketCorsCommand({ Bucket }));
const putXml = (rules: string, root = "CORSConfiguration") =>
  rig.sherd.raw({ method: "PUT", path: "/bucket?cors", body: `<${root}>${rules}</${root}>` });

const simple: CORSRule = { AllowedOrigins: ["*"], AllowedMethods: ["GET"] };

describeConfiguration<CORSRule[]>(
  rig,
  { put, get, remove },
  {
    subresource: "cors",
    values: [[simple, { ...simple, ID: "second" }], [{ ...simple, ID: "only" }]],
    absent: { code: "NoSuchCORSConfiguration", status: 404 },
  },
);

describe("PutBucketCors", () => {
  test("keeps rules as they were written, in their order", async () => {
    const rules: CORSRule[] = [
      {
        ID: "<first> & ä",
        AllowedOrigins: ["https://*.example.org", "http://test.com:80", ""],
        AllowedMethods: ["GET", "PUT", "POST", "DELETE", "HEAD"],
        AllowedHeaders: ["x-AMZ-*", "Content-Type", "*"],
        ExposeHeaders: ["ETag", "x-amz-request-id"],
        MaxAgeSeconds: 3000,
      },
      { ...simple, MaxAgeSeconds: 0 },
    ];
    await put(rules);
    expect(await get()).toEqual(rules);
  });

  test("takes a hundred rules and no more", async () => {
    const rules = Array.from({ length: 101 }, (_, index) => ({ ...simple, ID: `rule ${index}` }));
    expect(await refusalOf(put(rules))).toEqual({
      status: 400,
      code: "InvalidRequest",
      message: "The number of CORS rules should not exceed allowed limit of 100 rules.",
    });
    await put(rules.slice(1));
    expect(await get()).toHaveLength(100);
  });

  test.each<[string, Partial<CORSRule>, string]>([
    [
      "a method that S3 has not",
      { AllowedMethods: ["GET", "PATCH"] },
      "Found unsupported HTTP method in CORS config. Unsupported method is PATCH",
    ],
    [
      "a method in lower case",
      { AllowedMethods: ["get"] },
      "Found unsupported HTTP method in CORS config. Unsupported method is get",
    ],
    [
      "an origin with two wildcards",
      { AllowedOrigins: ["http://*.example.*"] },
      'AllowedOrigin "http://*.example.*" can not have more than one wildcard.',
    ],
    [
      "a header with two wildcards",
      { AllowedHeaders: ["*-x-*"] },
      'AllowedHeader "*-x-*" can not have more than one wildcard.',
    ],
    [
      "a wildcard among the exposed headers",
      { ExposeHeaders: ["x-*"] },
      'ExposeHeader "x-*" contains wildcard. We currently do not support wildcard for ExposeHeader.',
    ],
    [
      "an ID of more than 255 characters",
      { ID: "x".repeat(256) },
      "The ID of a CORS rule should not exceed allowed limit of 255 characters.",
    ],
    [
      "an exposed header that cannot be one",
      { ExposeHeaders: ["a\nb"] },
      'ExposeHeader "a\nb" is no name of a header.',
    ],
  ])("refuses %s", async (_, rule, message) => {
    await put([simple]);
    expect(await refusalOf(put([{ ...simple, ...rule }]))).toEqual({ status: 400, code: "InvalidRequest", message });
    expect(await get()).toEqual([simple]);
  });

  const origin = "<AllowedOrigin>*</AllowedOrigin>";
  const method = "<AllowedMethod>GET</AllowedMethod>";
  test.each([
    ["no rule", ""],
    ["an empty rule", "<CORSRule/>"],
    ["no origin", `<CORSRule>${method}</CORSRule>`],
    ["no method", `<CORSRule>${origin}</CORSRule>`],
    ["two ages", `<CORSRule>${origin}${method}${"<MaxAgeSeconds>1</MaxAgeSeconds>".repeat(2)}</CORSRule>`],
    ["an age that is no number", `<CORSRule>${origin}${method}<MaxAgeSeconds>1.5</MaxAgeSeconds></CORSRule>`],
    ["a negative age", `<CORSRule>${origin}${method}<MaxAgeSeconds>-1</MaxAgeSeconds></CORSRule>`],
    ["an age beyond 32 bits", `<CORSRule>${origin}${method}<MaxAgeSeconds>2147483648</MaxAgeSeconds></CORSRule>`],
    ["an element in an origin", `<CORSRule><AllowedOrigin><b/></AllowedOrigin>${method}</CORSRule>`],
  ])("refuses a document with %s", async (_, rules) => {
    const { status, text } = await putXml(rules);
    expect([status, elementText(text, "Code")]).toEqual([400, "MalformedXML"]);
  });

  test("refuses another document, none, and one over 64 KB", async () => {
    const rule = `<CORSRule>${origin}${method}</CORSRule>`;
    expect((await putXml(rule)).status).toBe(200);
    expect(elementText((await putXml(rule, "Cors")).text, "Code")).toBe("MalformedXML");
    const empty = await rig.sherd.raw({ method: "PUT", path: "/bucket?cors", headers: { "content-length": "0" } });
    expect(elementText(empty.text, "Code")).toBe("MissingRequestBodyError");
    const large = await putXml(rule + " ".repeat(64 * 1024));
    expect([large.status, elementText(large.text, "Code")]).toEqual([400, "MaxMessageLengthExceeded"]);
  });

  test("needs a signature", async () => {
    const anonymous = await rig.sherd.raw({ method: "PUT", path: "/bucket?cors", body: "<x/>", anonymous: true });
    expect(anonymous.status).toBe(403);
  });
});

describe("GetBucketCors", () => {
  test("of a bucket without rules", async () => {
    await remove();
    expect(await refusalOf(get())).toEqual({
      status: 404,
      code: "NoSuchCORSConfiguration",
      message: "The CORS configuration does not exist",
    });
    const { text } = await rig.sherd.raw({ path: "/bucket?cors" });
    expect(elementText(text, "BucketName")).toBe("bucket");
  });
});

describe("DeleteBucketCors", () => {
  test("answers 204, also where there is none", async () => {
    expect((await remove()).$metadata.httpStatusCode).toBe(204);
    expect((await remove()).$metadata.httpStatusCode).toBe(204);
  });

  test("a new bucket of the same name has none", async () => {
    await rig.client.send(new CreateBucketCommand({ Bucket: "renewed" }));
    await put([simple], "renewed");
    await rig.client.send(new DeleteBucketCommand({ Bucket: "renewed" }));
    await rig.client.send(new CreateBucketCommand({ Bucket: "renewed" }));
    expect((await refusalOf(get("renewed"))).code).toBe("NoSuchCORSConfiguration");
  });
});
