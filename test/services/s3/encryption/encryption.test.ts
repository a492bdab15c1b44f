import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Commits } from "../../../../src/metadata/objects/commit.ts";
import type { DataKeyFailure } from "../../../../src/sealing/data-keys.ts";
import { testDataKeys } from "../../../support/data-keys.ts";
import { root, type S3As, s3As } from "../../../support/s3-as.ts";
import { sealed } from "../../../support/sealing.ts";
import { openTestStore, type TestStore } from "../../../support/store.ts";

const SSE = "x-amz-server-side-encryption";
const key = Buffer.alloc(32, 9);
const other = Buffer.alloc(32, 8);
const customer = (bytes: Buffer, prefix = "x-amz-") => ({
  [`${prefix}server-side-encryption-customer-algorithm`]: "AES256",
  [`${prefix}server-side-encryption-customer-key`]: bytes.toString("base64"),
  [`${prefix}server-side-encryption-customer-key-md5`]: createHash("md5").update(bytes).digest("base64"),
});

const kms: { fails?: DataKeyFailure; calls: string[] } = { calls: [] };
let rig: TestStore;
let s3: S3As;
async function open(settings: object = {}, sealing = { ...sealed, dataKeys: testDataKeys(kms) }) {
  delete kms.fails;
  kms.calls = [];
  const defaults = { blockCustomerKeys: false, customerKeysOverHttp: true };
  rig = await openTestStore({ settings: { ...defaults, ...settings }, sealing });
  s3 = s3As(rig.store, root);
  await s3({ method: "PUT", path: "/bucket" });
}
beforeEach(() => open());
afterEach(() => rig.dispose());

const put = (path: string, headers: Record<string, string> = {}, body = "the body") =>
  s3({ method: "PUT", path, headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD", ...headers }, body });

describe("SSE-S3", () => {
  test("is said by every answer, asked for or not", async () => {
    for (const headers of [{}, { [SSE]: "AES256" }] as Record<string, string>[]) {
      const written = await put("/bucket/a", headers);
      expect(written.headers[SSE]).toBe("AES256");
      expect(written.headers.ETag).toBe(`"${createHash("md5").update("the body").digest("hex")}"`);
      for (const method of ["GET", "HEAD"]) {
        const got = await s3({ method, path: "/bucket/a" });
        expect([got.status, got.headers[SSE]]).toEqual([200, "AES256"]);
      }
    }
    const copied = await s3({ method: "PUT", path: "/bucket/b", headers: { "x-amz-copy-source": "/bucket/a" } });
    expect([copied.status, copied.headers[SSE]]).toEqual([200, "AES256"]);
    const created = await s3({ method: "POST", path: "/bucket/c?uploads" });
    expect(created.headers[SSE]).toBe("AES256");
  });

  test.each([
    [{ [SSE]: "AES128" }, "InvalidArgument"],
    [{ [SSE]: "AES256", [`${SSE}-aws-kms-key-id`]: "k" }, "InvalidArgument"],
    [{ [`${SSE}-aws-kms-key-id`]: "k" }, "InvalidArgument"],
    [{ [SSE]: "aws:kms", [`${SSE}-context`]: "not base64!" }, "InvalidArgument"],
    [{ [SSE]: "aws:kms", [`${SSE}-context`]: btoa('{"a":1}') }, "InvalidArgument"],
    [{ [SSE]: "aws:kms", [`${SSE}-context`]: btoa("[]") }, "InvalidArgument"],
    [{ [SSE]: "aws:kms", [`${SSE}-bucket-key-enabled`]: "perhaps" }, "InvalidArgument"],
    [{ [SSE]: "AES256", ...customer(key) }, "InvalidArgument"],
  ] as [Record<string, string>, string][])("%j is refused", async (headers, code) => {
    expect(await put("/bucket/refused", headers)).toMatchObject({ status: 400, code });
    expect((await s3({ path: "/bucket/refused" })).code).toBe("NoSuchKey");
  });

  test("a read that asks for a method is refused", async () => {
    await put("/bucket/a");
    expect(await s3({ path: "/bucket/a", headers: { [SSE]: "AES256" } })).toMatchObject({ code: "InvalidArgument" });
  });
});

describe("SSE-C", () => {
  test("the key is needed to read, and its MD5 comes back", async () => {
    const written = await put("/bucket/c", customer(key));
    expect(written.headers[`${SSE}-customer-algorithm`]).toBe("AES256");
    expect(written.headers.ETag).not.toContain(createHash("md5").update("the body").digest("hex"));
    for (const method of ["GET", "HEAD"]) {
      const path = "/bucket/c";
      expect(await s3({ method, path })).toMatchObject({ status: 400, code: "InvalidRequest" });
      expect(await s3({ method, path, headers: customer(other) })).toMatchObject({ status: 403, code: "AccessDenied" });
      const got = await s3({ method, path, headers: customer(key) });
      expect(got.headers[`${SSE}-customer-key-MD5`]).toBe(
        customer(key)["x-amz-server-side-encryption-customer-key-md5"],
      );
    }
    await put("/bucket/s3");
    expect(await s3({ path: "/bucket/s3", headers: customer(key) })).toMatchObject({ code: "InvalidRequest" });
  });

  test("a copy needs the source's key, and takes one of its own", async () => {
    await put("/bucket/c", customer(key));
    const copy = (headers: Record<string, string>) =>
      s3({ method: "PUT", path: "/bucket/copy", headers: { "x-amz-copy-source": "/bucket/c", ...headers } });
    expect((await copy({})).code).toBe("InvalidRequest");
    const source = customer(key, "x-amz-copy-source-");
    expect((await copy({ ...source, ...customer(other) })).status).toBe(200);
    expect((await s3({ path: "/bucket/copy", headers: customer(other) })).status).toBe(200);
    expect((await s3({ path: "/bucket/copy", headers: customer(key) })).status).toBe(403);
  });

  test("parts need the key that the upload was begun with", async () => {
    const created = await s3({ method: "POST", path: "/bucket/p?uploads", headers: customer(key) });
    const uploadId = /<UploadId>(.*)<\/UploadId>/.exec(created.text)?.[1];
    const path = `/bucket/p?partNumber=1&uploadId=${uploadId}`;
    expect(await put(path)).toMatchObject({ status: 400, code: "InvalidRequest" });
    expect(await put(path, customer(other))).toMatchObject({ status: 400, code: "InvalidRequest" });
    expect((await put(path, customer(key))).status).toBe(200);
  });

  const good = customer(key);
  const without = (name: string) => {
    const { [`${SSE}-customer-${name}`]: _, ...rest } = good as Record<string, string>;
    return rest;
  };
  test.each([
    [without("algorithm"), "InvalidArgument"],
    [without("key"), "InvalidArgument"],
    [without("key-md5"), "InvalidArgument"],
    [{ ...good, [`${SSE}-customer-algorithm`]: "AES128" }, "InvalidEncryptionAlgorithmError"],
    [{ ...good, [`${SSE}-customer-key`]: "c2hvcnQ=" }, "InvalidArgument"],
    [{ ...good, [`${SSE}-customer-key`]: "%%%" }, "InvalidArgument"],
    [{ ...good, [`${SSE}-customer-key-md5`]: "AAAAAAAAAAAAAAAAAAAAAA==" }, "InvalidArgument"],
  ] as [Record<string, string>, string][])("%# is refused, and names no key", async (headers, code) => {
    const refused = await put("/bucket/refused", headers);
    expect(refused).toMatchObject({ status: 400, code });
    expect(refused.text).not.toContain(key.toString("base64"));
  });

  test("is refused over plain HTTP from elsewhere", async () => {
    await rig.dispose();
    await open({ customerKeysOverHttp: false });
    const refused = await put("/bucket/c", customer(key));
    expect(refused).toMatchObject({ status: 400, code: "InvalidRequest" });
    expect(refused.text).toContain("secure connection");
  });

  test("is blocked by default, and taken where the bucket allows it", async () => {
    await rig.dispose();
    await open({ blockCustomerKeys: true });
    expect(await put("/bucket/c", customer(key))).toMatchObject({ status: 403, code: "AccessDenied" });
    const none = "<BlockedEncryptionTypes><EncryptionType>NONE</EncryptionType></BlockedEncryptionTypes>";
    expect((await configure(`<Rule>${none}</Rule>`)).status).toBe(200);
    expect((await put("/bucket/c", customer(key))).status).toBe(200);
  });
});

const configure = (rules: string) =>
  s3({
    method: "PUT",
    path: "/bucket?encryption",
    body: `<ServerSideEncryptionConfiguration>${rules}</ServerSideEncryptionConfiguration>`,
  });
const rule = (algorithm: string, more = "") =>
  `<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>${algorithm}</SSEAlgorithm>${more}</ApplyServerSideEncryptionByDefault>`;

describe("SSE-KMS", () => {
  const ask = { [SSE]: "aws:kms", [`${SSE}-aws-kms-key-id`]: "arn:aws:kms:us-east-1:000000000000:key/k" };

  test("a data key is made for a write, and opened for a read", async () => {
    const context = btoa('{"team":"a"}');
    const written = await put("/bucket/k", { ...ask, [`${SSE}-context`]: context });
    expect(written.headers).toMatchObject({
      [SSE]: "aws:kms",
      [`${SSE}-aws-kms-key-id`]: ask[`${SSE}-aws-kms-key-id`],
    });
    expect(JSON.parse(atob(written.headers[`${SSE}-context`] ?? ""))).toMatchObject({ team: "a" });
    expect((await s3({ method: "HEAD", path: "/bucket/k" })).status).toBe(200);
    expect(kms.calls).toHaveLength(1);
    expect((await s3({ path: "/bucket/k" })).status).toBe(200);
    expect(kms.calls).toHaveLength(2);
  });

  test.each([
    [{ kind: "access-denied", message: "not authorized" }, 403, "AccessDenied"],
    [{ kind: "disabled", keyArn: "arn" }, 400, "KMS.DisabledException"],
    [{ kind: "pending-deletion", keyArn: "arn" }, 400, "KMS.KMSInvalidStateException"],
    [{ kind: "not-found", message: "no key" }, 400, "KMS.NotFoundException"],
    [{ kind: "invalid-usage", keyArn: "arn" }, 400, "KMS.InvalidKeyUsageException"],
    [{ kind: "invalid-ciphertext", keyArn: "arn" }, 400, "KMS.InvalidCiphertextException"],
  ] as [DataKeyFailure, number, string][])("%j", { tags: ["slow"] }, async (failure, status, code) => {
    await put("/bucket/k", ask);
    kms.fails = failure;
    expect(await put("/bucket/refused", ask)).toMatchObject({ status, code });
    expect(await s3({ path: "/bucket/k" })).toMatchObject({ status, code });
    expect((await s3({ method: "HEAD", path: "/bucket/refused" })).status).toBe(404);
  });

  test.each([
    [
      "/bucket",
      "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>X</ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>",
    ],
    [
      "/bucket",
      "<ServerSideEncryptionConfiguration><Rule><BucketKeyEnabled>true</BucketKeyEnabled>X</Rule></ServerSideEncryptionConfiguration>",
    ],
    [
      "/bucket/u",
      `<ObjectEncryption><SSE-KMS><KMSKeyArn>${ask[`${SSE}-aws-kms-key-id`]}</KMSKeyArn>X</SSE-KMS></ObjectEncryption>`,
    ],
  ])("an element that the schema of %s?encryption does not have is no document of it", async (path, document) => {
    await put("/bucket/u");
    const send = (body: string) => s3({ method: "PUT", path: `${path}?encryption`, body });
    expect((await send(document.replace("X", "<Nonsense>1</Nonsense>"))).code).toBe("MalformedXML");
    expect((await send(document.replace("X", ""))).status).toBe(200);
  });

  test("UpdateObjectEncryption seals the key again, and the bytes stay", async () => {
    await put("/bucket/u");
    const document = `<ObjectEncryption><SSE-KMS><KMSKeyArn>${ask[`${SSE}-aws-kms-key-id`]}</KMSKeyArn></SSE-KMS></ObjectEncryption>`;
    const answer = await s3({ method: "PUT", path: "/bucket/u?encryption", body: document });
    expect(answer.status).toBe(200);
    expect((await s3({ method: "HEAD", path: "/bucket/u" })).headers[SSE]).toBe("aws:kms");
    expect((await s3({ path: "/bucket/u" })).status).toBe(200);
    await put("/bucket/c", customer(key));
    expect((await s3({ method: "PUT", path: "/bucket/c?encryption", body: document })).code).toBe("InvalidRequest");
    const toS3 = "<ObjectEncryption><SSE-S3/></ObjectEncryption>";
    expect(await s3({ method: "PUT", path: "/bucket/u?encryption", body: toS3 })).toMatchObject({
      status: 400,
      code: "MalformedXML",
    });
    expect((await s3({ method: "HEAD", path: "/bucket/u" })).headers[SSE]).toBe("aws:kms");
  });
});

describe("an append", () => {
  const arn = "arn:aws:kms:us-east-1:000000000000:key";
  const kmsOf = (keyId: string, more = {}) => ({ [SSE]: "aws:kms", [`${SSE}-aws-kms-key-id`]: keyId, ...more });
  const append = (headers: Record<string, string>) =>
    put("/bucket/a", { "x-amz-write-offset-bytes": "8", ...headers }, "and more");

  test.each<[string, Record<string, string>, Record<string, string>[], Record<string, string>[]]>([
    ["SSE-S3", { [SSE]: "AES256" }, [{}, { [SSE]: "AES256" }], [{ [SSE]: "aws:kms" }, customer(key)]],
    [
      "SSE-KMS",
      kmsOf(`${arn}/one`),
      [{}, { [SSE]: "aws:kms" }, kmsOf(`${arn}/one`), kmsOf("one")],
      [
        { [SSE]: "AES256" },
        { [SSE]: "aws:kms:dsse" },
        kmsOf(`${arn}/two`),
        kmsOf("ne"),
        kmsOf("alias/two"),
        kmsOf("one", { [`${SSE}-bucket-key-enabled`]: "true" }),
        kmsOf("one", { [`${SSE}-context`]: btoa('{"a":"b"}') }),
      ],
    ],
    ["SSE-C", customer(key), [customer(key)], [{ [SSE]: "AES256" }]],
  ])(
    "to an object with %s takes no other encryption than the object has",
    { tags: ["slow"] },
    async (_, created, same, different) => {
      for (const headers of different) {
        await put("/bucket/a", created);
        expect(await append(headers)).toMatchObject({ status: 400, code: "InvalidRequest" });
      }
      for (const headers of same) {
        await put("/bucket/a", created);
        expect((await append(headers)).status).toBe(200);
      }
    },
  );

  test("to a plain object encrypts nothing, and says so", { tags: ["slow"] }, async () => {
    await rig.dispose();
    await open({}, { ...sealed, dataKeys: testDataKeys(kms), byDefault: false });
    await put("/bucket/a");
    for (const headers of [{ [SSE]: "AES256" }, { [SSE]: "aws:kms" }, customer(key)] as Record<string, string>[]) {
      expect(await append(headers)).toMatchObject({ status: 400, code: "InvalidRequest" });
    }
    expect((await s3({ path: "/bucket/a" })).text).toBe("the body");
    expect((await append({})).status).toBe(200);
  });
});

describe("a bucket's encryption", () => {
  test("decides for requests that say nothing, and is told", async () => {
    expect((await s3({ path: "/bucket?encryption" })).text).toContain("<SSEAlgorithm>AES256</SSEAlgorithm>");
    expect((await configure(`${rule("aws:kms")}<BucketKeyEnabled>true</BucketKeyEnabled></Rule>`)).status).toBe(200);
    const told = await s3({ path: "/bucket?encryption" });
    expect(told.text).toContain("<SSEAlgorithm>aws:kms</SSEAlgorithm>");
    expect(told.text).toContain("<BucketKeyEnabled>true</BucketKeyEnabled>");
    const written = await put("/bucket/k");
    expect(written.headers).toMatchObject({ [SSE]: "aws:kms", [`${SSE}-bucket-key-enabled`]: "true" });
    expect((await put("/bucket/s3", { [SSE]: "AES256" })).headers[SSE]).toBe("AES256");
    expect((await s3({ method: "DELETE", path: "/bucket?encryption" })).status).toBe(204);
    expect((await put("/bucket/k")).headers[SSE]).toBe("AES256");
  });

  test.each([
    ["", "MalformedXML"],
    ["<Rule/>", "MalformedXML"],
    [`${rule("ROT13")}</Rule>`, "MalformedXML"],
    [`${rule("AES256", "<KMSMasterKeyID>k</KMSMasterKeyID>")}</Rule>`, "InvalidArgument"],
    [`${rule("AES256")}</Rule>${rule("AES256")}</Rule>`, "MalformedXML"],
    [
      "<Rule><BlockedEncryptionTypes><EncryptionType>SSE-X</EncryptionType></BlockedEncryptionTypes></Rule>",
      "MalformedXML",
    ],
  ])("%s is refused", { tags: ["slow"] }, async (rules, code) => {
    expect(await configure(rules)).toMatchObject({ status: 400, code });
  });
});

describe("a bucket whose encryption is changed under a copy", () => {
  /** Configures the bucket when the copy is about to be committed. */
  function changedMeanwhile(rules: string) {
    const commit = Commits.prototype.version;
    vi.spyOn(Commits.prototype, "version").mockImplementationOnce(async function (this: Commits, ...args) {
      expect((await configure(rules)).status).toBe(200);
      return commit.apply(this, args);
    });
  }
  const copy = () => s3({ method: "PUT", path: "/bucket/copy", headers: { "x-amz-copy-source": "/bucket/source" } });
  beforeEach(() => put("/bucket/source"));
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test.each(["aws:kms", "aws:kms:dsse"])("refuses it where it asks for %s now", async (form) => {
    changedMeanwhile(`${rule(form)}</Rule>`);
    await expect(copy()).rejects.toMatchObject({ failure: { kind: "bucket-changed" } });
    expect((await s3({ method: "HEAD", path: "/bucket/copy" })).status).toBe(404);
    expect((await copy()).headers[SSE]).toBe(form);
  });

  test("takes it where it asks for the same", async () => {
    changedMeanwhile(`${rule("AES256")}</Rule>`);
    expect(await copy()).toMatchObject({ status: 200, headers: { [SSE]: "AES256" } });
    expect((await s3({ path: "/bucket/copy" })).text).toBe("the body");
  });
});

describe("annotations", () => {
  const annotation = (object: string) => `/bucket/${object}?annotation&annotationName=note`;
  const annotate = (object: string) => put(annotation(object), {}, "the note");

  test.each(["AES256", "aws:kms", "aws:kms:dsse"])("are encrypted as the object under %s, and say so", async (form) => {
    await put("/bucket/a", { [SSE]: form });
    const written = await annotate("a");
    expect([written.status, written.headers[SSE]]).toEqual([200, form]);
    const read = await s3({ method: "GET", path: annotation("a") });
    expect([read.status, read.headers[SSE], read.text]).toEqual([200, form, "the note"]);
  });

  test("are set and read by who may use the object's KMS key", async () => {
    await put("/bucket/a", { [SSE]: "aws:kms" });
    expect((await annotate("a")).status).toBe(200);
    kms.fails = { kind: "access-denied", message: "not you" };
    expect(await annotate("a")).toMatchObject({ status: 403, code: "AccessDenied" });
    expect(await s3({ method: "GET", path: annotation("a") })).toMatchObject({ status: 403, code: "AccessDenied" });
  });

  test("are not there with a client's key", async () => {
    await put("/bucket/c", customer(key));
    expect(await annotate("c")).toMatchObject({ status: 400, code: "InvalidRequest" });
    await put("/bucket/a");
    await annotate("a");
    const copy = (headers: Record<string, string>) =>
      s3({
        method: "PUT",
        path: "/bucket/d",
        headers: { "x-amz-copy-source": "/bucket/a", ...customer(key), ...headers },
      });
    expect(await copy({})).toMatchObject({ status: 400, code: "InvalidRequest" });
    expect((await copy({ "x-amz-object-annotation-directive": "EXCLUDE" })).status).toBe(200);
  });
});
