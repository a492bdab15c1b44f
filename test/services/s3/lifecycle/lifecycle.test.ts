import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createBucket } from "../../../../src/store/buckets/buckets.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { otherRoot, root, type S3As, s3As } from "../../../support/s3-as.ts";
import { openTestStore, type TestStore } from "../../../support/store.ts";

// The rig's clock stands at 2026-11-21, midnight UTC.

let rig: TestStore;
let s3: S3As;
beforeAll(async () => {
  rig = await openTestStore({ clock: new ManualClock(), settings: { partBytesMin: 1 } });
  s3 = s3As(rig.store, root);
  for (const path of ["/box", "/bare", "/box2"]) await s3({ method: "PUT", path });
});
afterAll(() => rig.dispose());

const rule = (inner: string, { id = "r", filter = "<Filter/>" } = {}) =>
  `<Rule><ID>${id}</ID>${filter}<Status>Enabled</Status>${inner}</Rule>`;
const days = (count: number) => `<Expiration><Days>${count}</Days></Expiration>`;
const ABORT =
  "<AbortIncompleteMultipartUpload><DaysAfterInitiation>3</DaysAfterInitiation></AbortIncompleteMultipartUpload>";
const configure = (rules: string, headers: Record<string, string> = {}, path = "/box?lifecycle") =>
  s3({ method: "PUT", path, headers, body: `<LifecycleConfiguration>${rules}</LifecycleConfiguration>` });
const FIVE_DAYS = 'expiry-date="Fri, 27 Nov 2026 00:00:00 GMT", rule-id="r"';

describe("the configuration", () => {
  it("is kept, replaced and taken away", async () => {
    expect((await s3({ path: "/box?lifecycle" })).code).toBe("NoSuchLifecycleConfiguration");
    expect(await configure(rule(days(5)))).toMatchObject({
      status: 200,
      headers: { "x-amz-transition-default-minimum-object-size": "all_storage_classes_128K" },
    });
    const found = await s3({ path: "/box?lifecycle" });
    expect(found.text).toContain(`>${rule(days(5))}</LifecycleConfiguration>`);
    expect(found.headers["x-amz-transition-default-minimum-object-size"]).toBe("all_storage_classes_128K");
    await configure(rule(days(6)), { "x-amz-transition-default-minimum-object-size": "varies_by_storage_class" });
    expect(await s3({ path: "/box?lifecycle" })).toMatchObject({
      text: expect.stringContaining(days(6)),
      headers: { "x-amz-transition-default-minimum-object-size": "varies_by_storage_class" },
    });
    for (const _ of [1, 2]) expect((await s3({ method: "DELETE", path: "/box?lifecycle" })).status).toBe(204);
    expect((await s3({ path: "/box?lifecycle" })).code).toBe("NoSuchLifecycleConfiguration");
  });

  it("of a bucket that is not there, and one that is refused, change nothing", async () => {
    await configure(rule(days(5)));
    expect((await configure(rule(days(5)), {}, "/absent?lifecycle")).code).toBe("NoSuchBucket");
    expect((await s3({ path: "/absent?lifecycle" })).code).toBe("NoSuchBucket");
    expect((await s3({ method: "DELETE", path: "/absent?lifecycle" })).code).toBe("NoSuchBucket");
    expect(await configure(rule(days(0)))).toMatchObject({ status: 400, code: "InvalidArgument" });
    expect((await configure("")).code).toBe("MalformedXML");
    expect((await s3({ method: "PUT", path: "/box?lifecycle" })).code).toBe("MissingRequestBodyError");
    expect((await configure(rule(days(5)), { "x-amz-transition-default-minimum-object-size": "x" })).code).toBe(
      "InvalidRequest",
    );
    const cold = `<Transition><Days>1</Days><StorageClass>GLACIER</StorageClass></Transition>`;
    expect((await configure(rule(cold))).code).toBe("InvalidArgument");
    expect((await configure(`<!--${"x".repeat(1024 * 1024)}-->`)).code).toBe("MaxMessageLengthExceeded");
    expect((await s3({ path: "/box?lifecycle" })).text).toContain(days(5));
  });

  it("is no one else's to read or set", async () => {
    const stranger = s3As(rig.store, otherRoot);
    const body = `<LifecycleConfiguration>${rule(days(1))}</LifecycleConfiguration>`;
    expect((await stranger({ path: "/box?lifecycle" })).code).toBe("AccessDenied");
    expect((await stranger({ method: "PUT", path: "/box?lifecycle", body })).code).toBe("AccessDenied");
    expect((await stranger({ method: "DELETE", path: "/box?lifecycle" })).code).toBe("AccessDenied");
    expect((await s3({ path: "/box?lifecycle" })).text).toContain(days(5));
  });

  it("goes with its bucket: a new one of the name has none", async () => {
    await configure(rule(days(1)), {}, "/box2?lifecycle");
    await s3({ method: "DELETE", path: "/box2" });
    await createBucket(rig.store, { name: "box2", owner: "a".repeat(64), region: "us-east-1" });
    expect((await rig.store.metadata.buckets.find("box2"))?.lifecycle).toBeNull();
  });
});

describe("x-amz-expiration", () => {
  const header = async (request: Parameters<S3As>[0]) => (await s3(request)).headers["x-amz-expiration"];

  it("is in the answer to each write and read of an object that will expire", async () => {
    await configure(rule(days(5), { filter: "<Filter><Prefix>logs/</Prefix></Filter>" }));
    const path = "/box/logs/a";
    expect(await header({ method: "PUT", path, body: "x" })).toBe(FIVE_DAYS);
    expect(await header({ path })).toBe(FIVE_DAYS);
    expect(await header({ method: "HEAD", path })).toBe(FIVE_DAYS);
    const copy = { "x-amz-copy-source": "/box/logs/a" };
    expect(await header({ method: "PUT", path: "/box/logs/b", headers: copy })).toBe(FIVE_DAYS);
    expect(await header({ method: "PUT", path: "/box/other", headers: copy })).toBeUndefined();
    expect(await header({ path: "/box/other" })).toBeUndefined();
    expect(await header({ method: "PUT", path: "/bare/logs/a", body: "x" })).toBeUndefined();
  });

  it("follows the object's tags, the configuration, and is not there for a version by its id", async () => {
    const filter = "<Filter><Tag><Key>k</Key><Value>v</Value></Tag></Filter>";
    await configure(rule(days(5), { filter }));
    const path = "/box/tagged";
    expect(await header({ method: "PUT", path, body: "x", headers: { "x-amz-tagging": "k=v" } })).toBe(FIVE_DAYS);
    expect(await header({ path })).toBe(FIVE_DAYS);
    expect(await header({ path: `${path}?versionId=null` })).toBeUndefined();
    await s3({ method: "DELETE", path: `${path}?tagging` });
    expect(await header({ path })).toBeUndefined();
    await configure(rule(days(6)));
    expect(await header({ path })).toContain("28 Nov 2026");
    expect(await header({ method: "PUT", path, body: "y" })).toContain("28 Nov 2026");
    await s3({ method: "DELETE", path: "/box?lifecycle" });
    expect(await header({ method: "PUT", path, body: "z" })).toBeUndefined();
    expect(await header({ path })).toBeUndefined();
  });

  it("comes with completed uploads; the upload says when it will be aborted", async () => {
    await configure(rule(days(5) + ABORT));
    const abort = { "x-amz-abort-date": "Wed, 25 Nov 2026 00:00:00 GMT", "x-amz-abort-rule-id": "r" };
    const created = await s3({ method: "POST", path: "/box/up?uploads" });
    expect(created.headers).toMatchObject(abort);
    const id = /<UploadId>([^<]*)/.exec(created.text)?.[1];
    const { headers } = await s3({ method: "PUT", path: `/box/up?uploadId=${id}&partNumber=1`, body: "part" });
    expect((await s3({ path: `/box/up?uploadId=${id}` })).headers).toMatchObject(abort);
    const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${headers.ETag}</ETag></Part></CompleteMultipartUpload>`;
    expect(await header({ method: "POST", path: `/box/up?uploadId=${id}`, body })).toBe(FIVE_DAYS);
    await s3({ method: "DELETE", path: "/box?lifecycle" });
    expect((await s3({ method: "POST", path: "/box/up?uploads" })).headers).not.toHaveProperty("x-amz-abort-date");
  });

  it("costs no round trip: the rules come with the bucket", async () => {
    await configure(rule(days(5)));
    await s3({ method: "PUT", path: "/box/warm", body: "x" });
    rig.takeCost();
    await s3({ method: "PUT", path: "/box/warm", body: "y" });
    expect(rig.takeCost().roundTrips).toBe(1);
    await s3({ path: "/box/warm" });
    expect(rig.takeCost().roundTrips).toBe(1);
  });
});
