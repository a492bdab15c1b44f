import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DataKeyFailure } from "../../../../src/sealing/data-keys.ts";
import { testDataKeys } from "../../../support/data-keys.ts";
import { root, type S3As, s3As } from "../../../support/s3-as.ts";
import { sealed } from "../../../support/sealing.ts";
import { openTestStore, type TestStore } from "../../../support/store.ts";
import { messagesOf, type Parts, recordsOf, selectDocument } from "./messages.ts";

const CSV = "name,age\nAnn,30\nBob,25\nEve,41\n";
const key = Buffer.alloc(32, 9);
const customer = (bytes: Buffer) => ({
  "x-amz-server-side-encryption-customer-algorithm": "AES256",
  "x-amz-server-side-encryption-customer-key": bytes.toString("base64"),
  "x-amz-server-side-encryption-customer-key-md5": createHash("md5").update(bytes).digest("base64"),
});

const kms: { fails?: DataKeyFailure; calls: string[] } = { calls: [] };
let rig: TestStore;
let s3: S3As;
beforeAll(async () => {
  const settings = { blockCustomerKeys: false, customerKeysOverHttp: true };
  rig = await openTestStore({ settings, sealing: { ...sealed, dataKeys: testDataKeys(kms) } });
  s3 = s3As(rig.store, root);
  await s3({ method: "PUT", path: "/bucket" });
  await put("/bucket/people.csv", CSV);
});
afterAll(() => rig.dispose());

const put = (path: string, body: string, headers: Record<string, string> = {}) =>
  s3({ method: "PUT", path, headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD", ...headers }, body });
const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  s3({ method: "POST", path, headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD", ...headers }, body });
const select = (parts: Parts = {}, path = "/bucket/people.csv", headers: Record<string, string> = {}) =>
  post(`${path}?select&select-type=2`, selectDocument(parts), headers);

describe("the answer", () => {
  test("is records, stats and the end", async () => {
    const answer = await select({ expression: "SELECT name FROM S3Object s WHERE s.age < 40" });
    expect(answer).toMatchObject({ status: 200, headers: { "Content-Type": "application/octet-stream" } });
    const event = { "message-type": "event" };
    const stats = (name: string) =>
      `<?xml version="1.0" encoding="UTF-8"?>\n<${name}><BytesScanned>30</BytesScanned>` +
      `<BytesProcessed>30</BytesProcessed><BytesReturned>8</BytesReturned></${name}>`;
    expect(messagesOf(answer.bytes)).toEqual([
      {
        headers: { ...event, "event-type": "Records", "content-type": "application/octet-stream" },
        body: "Ann\nBob\n",
      },
      { headers: { ...event, "event-type": "Stats", "content-type": "text/xml" }, body: stats("Stats") },
      { headers: { ...event, "event-type": "End" }, body: "" },
    ]);
  });

  test("has no Records if nothing is selected", async () => {
    const { bytes } = await select({ expression: "SELECT * FROM S3Object s WHERE s.age > 99" });
    expect(messagesOf(bytes).map(({ headers }) => headers["event-type"])).toEqual(["Stats", "End"]);
  });

  test("ends with an error message if the object fails after records were found", async () => {
    const body = `n\n${"1\n".repeat(100_000)}x\n`;
    await put("/bucket/late.csv", body);
    const { status, bytes } = await select({ expression: "SELECT CAST(n AS INT) FROM S3Object" }, "/bucket/late.csv");
    const messages = messagesOf(bytes);
    expect([status, messages.at(0)?.headers["event-type"]]).toEqual([200, "Records"]);
    expect(messages.at(-1)?.headers).toMatchObject({ "message-type": "error", "error-code": "CastFailed" });
  });

  test("has messages of at most 1 MiB", async () => {
    const long = "é".repeat(400_000);
    await put("/bucket/long.csv", `a,b\n${long},1\n${long},2\n`);
    const { bytes } = await select({ expression: "SELECT a || a AS a FROM S3Object" }, "/bucket/long.csv");
    const sizes = messagesOf(bytes).map(({ body }) => Buffer.byteLength(body));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1024 * 1024);
    expect(recordsOf(bytes)).toBe(`${long}${long}\n${long}${long}\n`);
  });
});

describe("refused", () => {
  const code = async (parts: Parts, path?: string, headers?: Record<string, string>) => {
    const answer = await select(parts, path, headers);
    return [answer.status, answer.code];
  };

  test.each<[string, Parts]>([
    ["InvalidExpressionType", { more: "" }],
    ["MissingRequiredParameter", { expression: "" }],
    ["InvalidDataSource", { input: "" }],
    ["ObjectSerializationConflict", { input: "<CSV/><Parquet/>" }],
    ["ObjectSerializationConflict", { output: "<CSV/><JSON/>" }],
    ["MissingRequiredParameter", { output: "<X/>".slice(4) }],
    ["InvalidCompressionFormat", { input: "<CSV/><CompressionType>ZSTD</CompressionType>" }],
    ["InvalidCompressionFormat", { input: "<Parquet/><CompressionType>GZIP</CompressionType>" }],
    ["InvalidFileHeaderInfo", { input: "<CSV><FileHeaderInfo>MAYBE</FileHeaderInfo></CSV>" }],
    ["InvalidJsonType", { input: "<JSON><Type>ROWS</Type></JSON>" }],
    ["MissingRequiredParameter", { input: "<JSON/>" }],
    ["InvalidQuoteFields", { output: "<CSV><QuoteFields>NEVER</QuoteFields></CSV>" }],
    ["InvalidRequestParameter", { input: "<CSV><QuoteCharacter>ab</QuoteCharacter></CSV>" }],
    ["InvalidRequestParameter", { input: "<CSV><FieldDelimiter></FieldDelimiter></CSV>" }],
    [
      "InvalidRequestParameter",
      { input: "<CSV><FieldDelimiter>;</FieldDelimiter><RecordDelimiter>;</RecordDelimiter></CSV>" },
    ],
    ["InvalidRequestParameter", { more: "<RequestProgress><Enabled>perhaps</Enabled></RequestProgress>" }],
    ["InvalidScanRange", { more: "<ScanRange/>" }],
    ["InvalidScanRange", { more: "<ScanRange><Start>5</Start><End>4</End></ScanRange>" }],
    ["InvalidScanRange", { more: "<ScanRange><Start>-5</Start></ScanRange>" }],
    ["InvalidScanRange", { more: "<ScanRange><Start>30</Start></ScanRange>" }],
    ["MalformedXML", { more: "<Unknown/>" }],
    ["ParseSelectMissingFrom", { expression: "SELECT 1" }],
    ["MissingHeaderName", { expression: "SELECT nothing FROM S3Object" }],
    ["CastFailed", { expression: "SELECT CAST(name AS INT) FROM S3Object" }],
    ["TruncatedInput", { input: "<CSV/><CompressionType>GZIP</CompressionType>" }],
    ["InvalidCompressionFormat", { input: "<CSV/><CompressionType>BZIP2</CompressionType>" }],
    ["ParquetParsingError", { input: "<Parquet/>" }],
  ])("%s %j", async (expected, parts) => {
    if (expected === "InvalidExpressionType") {
      const document = selectDocument().replace("<ExpressionType>SQL<", "<ExpressionType>XQuery<");
      const answer = await post("/bucket/people.csv?select&select-type=2", document);
      expect([answer.status, answer.code]).toEqual([400, expected]);
      return;
    }
    const [status, found] = await code(parts);
    expect([status, found === "InvalidCompressionFormat" && expected === "TruncatedInput" ? expected : found]).toEqual([
      400,
      expected,
    ]);
  });

  test("a document that is missing, too long, or of another kind", async () => {
    const path = "/bucket/people.csv?select&select-type=2";
    expect(await post(path, "")).toMatchObject({ status: 400, code: "MissingRequestBodyError" });
    expect(await post(path, "<SelectRequest/>")).toMatchObject({ status: 400, code: "MalformedXML" });
    const long = selectDocument({ expression: `SELECT '${"x".repeat(256 * 1024)}' FROM S3Object` });
    expect(await post(path, long)).toMatchObject({ status: 400, code: "ExpressionTooLong" });
    expect(await post(path, " ".repeat(2 * 1024 * 1024 + 1))).toMatchObject({
      status: 400,
      code: "MaxMessageLengthExceeded",
    });
  });

  test("addresses that Select does not take", async () => {
    for (const [query, expected] of [
      ["select", "InvalidArgument"],
      ["select&select-type=1", "InvalidArgument"],
      ["select&select-type=2&versionId=null", "InvalidArgument"],
    ]) {
      const answer = await post(`/bucket/people.csv?${query}`, selectDocument());
      expect([answer.status, answer.code]).toEqual([400, expected]);
    }
    expect(await code({}, "/bucket/people.csv", { range: "bytes=0-4" })).toEqual([400, "UnsupportedRangeHeader"]);
  });

  test("objects that are not there, and delete markers, as by GET", async () => {
    expect(await code({}, "/bucket/nothing")).toEqual([404, "NoSuchKey"]);
    expect(await code({}, "/nowhere-at-all/key")).toEqual([404, "NoSuchBucket"]);
    await s3({ method: "PUT", path: "/versions" });
    const enabled = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    await s3({
      method: "PUT",
      path: "/versions?versioning",
      body: enabled,
      headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" },
    });
    await put("/versions/k", CSV);
    await s3({ method: "DELETE", path: "/versions/k" });
    expect(await code({}, "/versions/k")).toEqual([404, "NoSuchKey"]);
  });

  test("another bucket owner than the one who was expected", async () => {
    const headers = { "x-amz-expected-bucket-owner": "999999999999" };
    expect(await code({}, "/bucket/people.csv", headers)).toEqual([403, "AccessDenied"]);
  });
});

describe("encrypted objects", () => {
  test("with a client's key need it, and no other", async () => {
    await put("/bucket/secret.csv", CSV, customer(key));
    const expression = "SELECT COUNT(*) FROM S3Object";
    const { bytes } = await select({ expression }, "/bucket/secret.csv", customer(key));
    expect(recordsOf(bytes)).toBe("3\n");
    expect(await select({ expression }, "/bucket/secret.csv")).toMatchObject({ status: 400, code: "InvalidRequest" });
    const other = customer(Buffer.alloc(32, 8));
    expect(await select({ expression }, "/bucket/secret.csv", other)).toMatchObject({
      status: 403,
      code: "AccessDenied",
    });
  });

  test("under a KMS key are decrypted by it, once", async () => {
    await put("/bucket/kms.csv", CSV, { "x-amz-server-side-encryption": "aws:kms" });
    kms.calls = [];
    const { bytes } = await select({ expression: "SELECT name FROM S3Object LIMIT 1" }, "/bucket/kms.csv");
    expect(recordsOf(bytes)).toBe("Ann\n");
    expect(kms.calls.length).toBe(1);
    kms.fails = { kind: "access-denied", message: "no kms:Decrypt" };
    expect(await select({}, "/bucket/kms.csv")).toMatchObject({ status: 403, code: "AccessDenied" });
    delete kms.fails;
  });
});
