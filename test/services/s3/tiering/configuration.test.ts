import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { firstAccount } from "../../../../src/auth/principal.ts";
import { putObject } from "../../../../src/store/write/write.ts";
import { nobody, root, type S3As, s3As, user } from "../../../support/s3-as.ts";
import { openTestStore, pattern, put, type TestStore } from "../../../support/store.ts";

let rig: TestStore;
let asRoot: S3As;
beforeEach(async () => {
  const geometry = { k: 2, m: 1 };
  rig = await openTestStore({ settings: { storageClasses: { STANDARD: geometry, GLACIER: geometry } } });
  asRoot = s3As(rig.store, root);
  await asRoot({ method: "PUT", path: "/box" });
});
afterEach(() => rig.dispose());

const document = ({ id = "a", status = "Enabled", filter = "", tierings = tiering("ARCHIVE_ACCESS", 90) } = {}) =>
  `<IntelligentTieringConfiguration><Id>${id}</Id>${filter}<Status>${status}</Status>${tierings}</IntelligentTieringConfiguration>`;
const tiering = (tier: string, days: number | string) =>
  `<Tiering><AccessTier>${tier}</AccessTier><Days>${days}</Days></Tiering>`;
const path = (id: string) => `/box?intelligent-tiering&id=${id}`;
const putOne = (body: string, id = "a") => asRoot({ method: "PUT", path: path(id), body });
const codeOf = (text: string) => /<Code>([^<]*)/.exec(text)?.[1];

describe("Intelligent-Tiering configurations", () => {
  it("are put, read, listed and deleted by id", async () => {
    const filters = [
      "",
      "<Filter><Prefix>logs/</Prefix></Filter>",
      "<Filter><Tag><Key>a</Key><Value>b</Value></Tag></Filter>",
      "<Filter><And><Prefix>logs/</Prefix><Tag><Key>a</Key><Value>b</Value></Tag></And></Filter>",
    ];
    for (const [index, filter] of filters.entries()) {
      const body = document({ id: `c${index}`, filter });
      expect((await putOne(body, `c${index}`)).status).toBe(200);
      const { text } = await asRoot({ path: path(`c${index}`) });
      expect(text.replace(' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"', "")).toContain(body);
    }
    const { text } = await asRoot({ path: "/box?intelligent-tiering" });
    expect([...text.matchAll(/<Id>(\w+)/g)].map(([, id]) => id)).toEqual(["c0", "c1", "c2", "c3"]);
    expect(text).toContain("<IsTruncated>false</IsTruncated>");
    expect((await asRoot({ method: "DELETE", path: path("c0") })).status).toBe(204);
    expect(codeOf((await asRoot({ method: "DELETE", path: path("c0") })).text)).toBe("NoSuchConfiguration");
    expect(codeOf((await asRoot({ path: path("c0") })).text)).toBe("NoSuchConfiguration");
  });

  it("come in pages of a hundred", async () => {
    for (let n = 100; n < 205; n++) await putOne(document({ id: `c${n}` }), `c${n}`);
    const first = await asRoot({ path: "/box?intelligent-tiering" });
    const token = /<NextContinuationToken>([^<]*)/.exec(first.text)?.[1] ?? "";
    const second = await asRoot({ path: `/box?intelligent-tiering&continuation-token=${token}` });
    const ids = [first, second].map(({ text }) => [...text.matchAll(/<Id>(\w+)/g)].length);
    expect(ids).toEqual([100, 5]);
    const wrong = await asRoot({ path: "/box?intelligent-tiering&continuation-token=x" });
    expect(codeOf(wrong.text)).toBe("InvalidArgument");
  });

  it.each([
    ["MalformedXML", document({ tierings: "" })],
    ["MalformedXML", document({ status: "On" })],
    ["MalformedXML", document({ tierings: tiering("FREQUENT", 90) })],
    ["MalformedXML", document({ tierings: tiering("ARCHIVE_ACCESS", "many") })],
    ["MalformedXML", document({ filter: "<Filter><And><Prefix>a</Prefix></And></Filter>" })],
    [
      "MalformedXML",
      document({ filter: "<Filter><Prefix>a</Prefix><Tag><Key>a</Key><Value>b</Value></Tag></Filter>" }),
    ],
    ["InvalidArgument", document({ tierings: tiering("ARCHIVE_ACCESS", 89) })],
    ["InvalidArgument", document({ tierings: tiering("ARCHIVE_ACCESS", 731) })],
    ["InvalidArgument", document({ tierings: tiering("ARCHIVE_ACCESS", 90) + tiering("ARCHIVE_ACCESS", 91) })],
    ["InvalidArgument", document({ id: "other" })],
    ["InvalidArgument", document({ tierings: tiering("DEEP_ARCHIVE_ACCESS", 180) })],
  ])("are refused with %s: %s", async (code, body) => {
    const { status, text } = await putOne(body);
    expect([status, codeOf(text)]).toEqual([400, code]);
    expect((await asRoot({ path: path("a") })).status).toBe(404);
  });

  it("tell which class must be configured for a tier that has none", async () => {
    const { text } = await putOne(document({ tierings: tiering("DEEP_ARCHIVE_ACCESS", 180) }));
    expect(text).toContain("SHERD_STORAGE_CLASSES does not name DEEP_ARCHIVE");
  });

  it("are nobody's but those who may set them", async () => {
    await putOne(document());
    for (const who of [nobody, user(firstAccount)]) {
      const others = s3As(rig.store, who);
      for (const request of [
        { method: "PUT", path: path("a"), body: document() },
        { method: "GET", path: path("a") },
        { method: "GET", path: "/box?intelligent-tiering" },
        { method: "DELETE", path: path("a") },
      ]) {
        expect((await others(request)).status).toBe(403);
      }
    }
    expect((await asRoot({ path: path("a") })).status).toBe(200);
  });
});

describe("RestoreObject", () => {
  const restore = (body: string, key = "k") => asRoot({ method: "POST", path: `/box/${key}?restore`, body });
  beforeEach(async () => {
    for (const [key, storageClass] of [
      ["k", "STANDARD"],
      ["cold", "GLACIER"],
      ["it", "INTELLIGENT_TIERING"],
    ] as const) {
      await putObject(rig.store, { ...put("box", key, pattern(10, 1)), storageClass });
    }
  });

  it("answers that objects which can be read need none, of every class", async () => {
    for (const key of ["k", "cold"]) {
      const { status, text } = await restore("<RestoreRequest><Days>1</Days></RestoreRequest>", key);
      expect([status, codeOf(text)]).toEqual([403, "InvalidObjectState"]);
    }
    expect(codeOf((await restore("<RestoreRequest/>", "it")).text)).toBe("InvalidObjectState");
  });

  it.each([
    [404, "NoSuchKey", "<RestoreRequest><Days>1</Days></RestoreRequest>", "absent"],
    [400, "MalformedXML", "<RestoreRequest/>", "k"],
    [400, "MalformedXML", "<RestoreRequest><Days>x</Days></RestoreRequest>", "k"],
    [400, "InvalidArgument", "<RestoreRequest><Days>0</Days></RestoreRequest>", "k"],
    [400, "MalformedXML", "<RestoreRequest><Days>1</Days><Tier>Fast</Tier></RestoreRequest>", "k"],
    [400, "MalformedXML", "<RestoreRequest><Days>1</Days><More/></RestoreRequest>", "k"],
    [501, "NotImplemented", "<RestoreRequest><Type>SELECT</Type></RestoreRequest>", "k"],
  ])("answers %i %s to %s", async (status, code, body, key) => {
    const answer = await restore(body, key);
    expect([answer.status, codeOf(answer.text)]).toEqual([status, code]);
  });
});
