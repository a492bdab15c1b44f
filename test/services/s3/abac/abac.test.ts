import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { firstAccount } from "../../../../src/auth/principal.ts";
import { allowing, nobody, otherRoot, root, type S3As, type S3Request, s3As, user } from "../../../support/s3-as.ts";
import { openTestStore, type TestStore } from "../../../support/store.ts";

const { accountId } = firstAccount;
const status = (Status: string) => `<AbacStatus><Status>${Status}</Status></AbacStatus>`;
const tagged = (...tags: [string, string][]) =>
  tags.map(([key, value]) => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`).join("");

let rig: TestStore;
let asRoot: S3As;
beforeEach(async () => {
  rig = await openTestStore({});
  asRoot = s3As(rig.store, root);
  for (const bucket of ["blue", "bare"]) await asRoot({ method: "PUT", path: `/${bucket}` });
});
afterEach(() => rig.dispose());

const put = (path: string, body: string, as = asRoot) => as({ method: "PUT", path, body });
const setAbac = (bucket: string, word: string) => put(`/${bucket}?abac`, status(word));
/** A request of S3 Control about the tags of a bucket. */
const ofTags = (bucket: string, request: Partial<S3Request> & { query?: string } = {}): S3Request => ({
  ...request,
  path: `/v20180820/tags/${encodeURIComponent(`arn:aws:s3:::${bucket}`)}${request.query ?? ""}`,
  headers: { "x-amz-account-id": accountId, ...request.headers },
});
const tag = (bucket: string, tags: string, as = asRoot) =>
  as(ofTags(bucket, { method: "POST", body: `<TagResourceRequest><Tags>${tags}</Tags></TagResourceRequest>` }));
const untag = (bucket: string, keys: string[], as = asRoot) =>
  as(ofTags(bucket, { method: "DELETE", query: `?${keys.map((key) => `tagKeys=${key}`).join("&")}` }));
const listed = async (bucket: string) =>
  (await asRoot(ofTags(bucket))).text.replace(/^.*<Tags>|<\/Tags>.*$|<Tags\/>/gs, "");

describe("tags by S3 Control", () => {
  it("come on top of those that are there, and go one by one", async () => {
    expect((await tag("blue", tagged(["team", "blue"], ["stage", "test"]))).status).toBe(204);
    expect((await tag("blue", tagged(["team", "navy"], ["owner", "ann"]))).status).toBe(204);
    expect(await listed("blue")).toBe(tagged(["team", "navy"], ["stage", "test"], ["owner", "ann"]));
    expect((await untag("blue", ["stage", "owner", "none"])).status).toBe(204);
    expect((await asRoot({ path: "/blue?tagging" })).text).toContain(tagged(["team", "navy"]));
    await untag("blue", ["team"]);
    expect(await asRoot({ path: "/blue?tagging" })).toMatchObject({ status: 404, code: "NoSuchTagSet" });
  });

  it("refuse what they may not be", async () => {
    const many = Array.from({ length: 50 }, (_, at): [string, string] => [`k${at}`, "v"]);
    expect((await tag("blue", tagged(...many))).status).toBe(204);
    expect(await tag("blue", tagged(["one-more", "v"]))).toMatchObject({ status: 400, code: "BadRequest" });
    expect(await tag("blue", tagged(["aws:x", "v"]))).toMatchObject({ status: 400, code: "InvalidTag" });
    expect(await tag("blue", `${tagged(["a", "b"])}<Nonsense/>`)).toMatchObject({ status: 400, code: "MalformedXML" });
    expect(await untag("blue", [])).toMatchObject({ status: 400, code: "InvalidRequest" });
    expect(await asRoot(ofTags("none"))).toMatchObject({ status: 404, code: "NoSuchResource" });
    expect(await asRoot({ ...ofTags("x"), path: "/v20180820/tags/arn%3Aaws%3As3%3A%3A%3Ablue%2Fkey" })).toMatchObject({
      code: "NoSuchResource",
    });
    expect(await asRoot(ofTags("blue", { method: "PUT" }))).toMatchObject({ status: 405 });
  });

  it("are for those who are allowed their own actions", async () => {
    const blue = "arn:aws:s3:::blue";
    const as = (action: string) => s3As(rig.store, user(firstAccount, [allowing(action, blue)]));
    for (const action of ["s3:PutBucketTagging", "s3:ListTagsForResource"]) {
      expect((await tag("blue", tagged(["a", "b"]), as(action))).code).toBe("AccessDenied");
    }
    expect((await tag("blue", tagged(["a", "b"]), as("s3:TagResource"))).status).toBe(204);
    expect((await untag("blue", ["a"], as("s3:TagResource"))).code).toBe("AccessDenied");
    expect((await untag("blue", ["a"], as("s3:UntagResource"))).status).toBe(204);
    expect((await as("s3:TagResource")(ofTags("blue"))).code).toBe("AccessDenied");
    expect((await as("s3:ListTagsForResource")(ofTags("blue"))).status).toBe(200);
    for (const stranger of [nobody, otherRoot])
      expect((await s3As(rig.store, stranger)(ofTags("blue"))).status).toBe(403);
    const elsewhere = ofTags("blue", { headers: { "x-amz-account-id": "123456789012" } });
    expect((await asRoot(elsewhere)).code).toBe("AccessDenied");
  });

  it("may be limited by what they are", async () => {
    const policy = allowing(["s3:TagResource", "s3:UntagResource", "s3:CreateBucket"], "*", {
      Condition: {
        StringEquals: { "aws:RequestTag/team": "blue" },
        "ForAllValues:StringEquals": { "aws:TagKeys": ["team"] },
      },
    });
    const asked = s3As(rig.store, user(firstAccount, [policy]));
    expect((await tag("blue", tagged(["team", "red"]), asked)).code).toBe("AccessDenied");
    expect((await tag("blue", tagged(["team", "blue"], ["x", "y"]), asked)).code).toBe("AccessDenied");
    expect((await tag("blue", tagged(["team", "blue"]), asked)).status).toBe(204);
    const made = (team: string) =>
      put(
        `/made-${team}`,
        `<CreateBucketConfiguration><Tags>${tagged(["team", team])}</Tags></CreateBucketConfiguration>`,
        asked,
      );
    expect((await made("red")).code).toBe("AccessDenied");
    expect((await made("blue")).status).toBe(200);
  });
});

describe("attribute-based access control", () => {
  it.each(["aws:ResourceTag/team", "s3:BucketTag/Team"])(
    "lets conditions ask for %s once it is enabled",
    async (key) => {
      const asked = s3As(
        rig.store,
        user(firstAccount, [allowing("s3:*", "*", { Condition: { StringEquals: { [key]: "blue" } } })]),
      );
      await tag("blue", tagged(["team", "blue"]));
      expect((await put("/blue/key", "x", asked)).code).toBe("AccessDenied");
      expect((await asRoot({ path: "/blue?abac" })).text).toContain("<Status>Disabled</Status>");
      expect((await setAbac("blue", "Enabled")).status).toBe(200);
      expect((await asRoot({ path: "/blue?abac" })).text).toContain("<Status>Enabled</Status>");
      expect((await put("/blue/key", "x", asked)).status).toBe(200);
      expect((await asked({ path: "/blue?list-type=2" })).status).toBe(200);
      await setAbac("bare", "Enabled");
      expect((await put("/bare/key", "x", asked)).code).toBe("AccessDenied");
      await tag("blue", tagged(["team", "red"]));
      expect((await put("/blue/key", "x", asked)).code).toBe("AccessDenied");
      await tag("blue", tagged(["team", "blue"]));
      expect((await put("/blue/key", "x", asked)).status).toBe(200);
      await setAbac("blue", "Disabled");
      expect((await put("/blue/key", "x", asked)).code).toBe("AccessDenied");
    },
  );

  it("leaves TagResource and UntagResource as the one way to the tags", async () => {
    const tagging = `<Tagging><TagSet>${tagged(["a", "b"])}</TagSet></Tagging>`;
    expect((await put("/blue?tagging", tagging)).status).toBe(204);
    await setAbac("blue", "Enabled");
    expect(await put("/blue?tagging", tagging)).toMatchObject({ status: 400, code: "InvalidRequest" });
    expect(await asRoot({ method: "DELETE", path: "/blue?tagging" })).toMatchObject({ code: "InvalidRequest" });
    expect((await tag("blue", tagged(["c", "d"]))).status).toBe(204);
    expect((await asRoot({ path: "/blue?tagging" })).text).toContain(tagged(["a", "b"], ["c", "d"]));
    expect(await setAbac("blue", "Sometimes")).toMatchObject({ status: 400, code: "MalformedXML" });
  });
});
