import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { firstAccount } from "../../../../src/auth/principal.ts";
import { INVENTORY_FIELDS } from "../../../../src/store/buckets/inventory-configuration.ts";
import { nobody, otherRoot, root, type S3As, s3As, user } from "../../../support/s3-as.ts";
import { openTestStore, type TestStore } from "../../../support/store.ts";

let rig: TestStore;
let asRoot: S3As;
beforeAll(async () => {
  rig = await openTestStore();
  asRoot = s3As(rig.store, root);
  await asRoot({ method: "PUT", path: "/box" });
});
afterAll(() => rig.dispose());

interface Parts {
  id?: string;
  enabled?: string;
  filter?: string;
  versions?: string;
  frequency?: string;
  fields?: string;
  destination?: string;
}
const destination = ({ bucket = "arn:aws:s3:::reports", format = "CSV", more = "", account = "" } = {}) =>
  `<S3BucketDestination>${account}<Bucket>${bucket}</Bucket><Format>${format}</Format>${more}</S3BucketDestination>`;
const document = ({
  id = "a",
  enabled = "true",
  filter = "",
  versions = "All",
  frequency = "Daily",
  fields = "",
  destination: to = destination(),
}: Parts = {}) =>
  `<InventoryConfiguration><Id>${id}</Id><IsEnabled>${enabled}</IsEnabled>${filter}<Destination>${to}</Destination>` +
  `<Schedule><Frequency>${frequency}</Frequency></Schedule><IncludedObjectVersions>${versions}</IncludedObjectVersions>` +
  `${fields}</InventoryConfiguration>`;
const path = (id: string) => `/box?inventory&id=${id}`;
const putOne = (body: string, id = "a") => asRoot({ method: "PUT", path: path(id), body });
const fieldsOf = (names: readonly string[]) =>
  `<OptionalFields>${names.map((name) => `<Field>${name}</Field>`).join("")}</OptionalFields>`;

describe("inventory configurations", () => {
  it("are put, read, listed and deleted by id", async () => {
    const bodies = [
      document({ id: "c0" }),
      document({
        id: "c1",
        enabled: "false",
        filter: "<Filter><Prefix>logs/</Prefix></Filter>",
        versions: "Current",
        frequency: "Weekly",
        fields: fieldsOf(INVENTORY_FIELDS),
        destination: destination({
          account: "<AccountId>100000000001</AccountId>",
          format: "Parquet",
          more: "<Prefix>inv</Prefix><Encryption><SSE-S3/></Encryption>",
        }),
      }),
    ];
    for (const [index, body] of bodies.entries()) {
      expect((await putOne(body, `c${index}`)).status).toBe(200);
      const { text } = await asRoot({ path: path(`c${index}`) });
      expect(text.replace(' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"', "")).toContain(body);
    }
    const { text } = await asRoot({ path: "/box?inventory" });
    expect([...text.matchAll(/<Id>(\w+)/g)].map(([, id]) => id)).toEqual(["c0", "c1"]);
    expect(text).toContain("<ListInventoryConfigurationsResult");
    for (const id of ["c0", "c1"]) expect((await asRoot({ method: "DELETE", path: path(id) })).status).toBe(204);
    expect((await asRoot({ method: "DELETE", path: path("c0") })).code).toBe("NoSuchConfiguration");
    expect((await asRoot({ path: path("c0") })).code).toBe("NoSuchConfiguration");
  });

  it.each([
    [400, "MalformedXML", document({ enabled: "yes" })],
    [400, "MalformedXML", document({ versions: "Some" })],
    [400, "MalformedXML", document({ frequency: "Hourly" })],
    [400, "MalformedXML", document({ destination: "" })],
    [400, "MalformedXML", document({ destination: destination({ format: "XML" }) })],
    [400, "MalformedXML", document({ filter: "<Filter/>" })],
    [400, "MalformedXML", document({ fields: fieldsOf(["Colour"]) })],
    [400, "MalformedXML", document({ fields: fieldsOf([]) })],
    [400, "MalformedXML", document({ destination: destination({ more: "<Encryption/>" }) })],
    [400, "InvalidArgument", document({ fields: fieldsOf(["Size", "Size"]) })],
    [400, "InvalidArgument", document({ destination: destination({ bucket: "reports" }) })],
    [400, "InvalidArgument", document({ destination: destination({ account: "<AccountId>12</AccountId>" }) })],
    [400, "InvalidArgument", document({ id: "a b" })],
    [400, "InvalidArgument", document({ id: "other" })],
    [501, "NotImplemented", document({ destination: destination({ format: "ORC" }) })],
    [
      400,
      "InvalidArgument",
      document({ destination: destination({ more: "<Encryption><SSE-KMS><KeyId>k</KeyId></SSE-KMS></Encryption>" }) }),
    ],
  ])("are refused with %i %s: %s", async (status, code, body) => {
    const answer = await putOne(body);
    expect([answer.status, answer.code]).toEqual([status, code]);
    expect((await asRoot({ path: path("a") })).status).toBe(404);
  });

  it("are nobody's but those who may set them", async () => {
    await putOne(document());
    for (const who of [nobody, user(firstAccount), otherRoot]) {
      const others = s3As(rig.store, who);
      for (const request of [
        { method: "PUT", path: path("a"), body: document({ enabled: "false" }) },
        { method: "GET", path: path("a") },
        { method: "GET", path: "/box?inventory" },
        { method: "DELETE", path: path("a") },
      ]) {
        expect([request.method, (await others(request)).status]).toEqual([request.method, 403]);
      }
    }
    expect((await asRoot({ path: path("a") })).text).toContain("<IsEnabled>true</IsEnabled>");
  });

  it("go with their bucket: a new one of the same name has none", async () => {
    await asRoot({ method: "PUT", path: "/gone" });
    await asRoot({ method: "PUT", path: "/gone?inventory&id=a", body: document() });
    await asRoot({ method: "DELETE", path: "/gone" });
    await asRoot({ method: "PUT", path: "/gone" });
    expect((await asRoot({ path: "/gone?inventory&id=a" })).status).toBe(404);
  });
});
