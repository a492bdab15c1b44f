import { describe, expect, test } from "vitest";
import type { AwsClient, AwsRequest } from "../../console/src/aws/client.ts";
import { AwsError } from "../../console/src/aws/errors.ts";
import { deleteObjects } from "../../console/src/aws/s3/delete.ts";
import { moveObject } from "../../console/src/aws/s3/move.ts";
import { copyObject, objectExists, renameObject } from "../../console/src/aws/s3/objects.ts";
import { urlDecoded } from "../../console/src/aws/xml.ts";
import { DeletedSoFar } from "../../console/src/objects/actions/deleted-so-far.ts";

/** A client whose answers are made up; `asked` has what it was asked for. */
function fakeClient(answer: (request: AwsRequest) => unknown): { client: AwsClient; asked: string[] } {
  const asked: string[] = [];
  const ask = async (request: AwsRequest) => {
    asked.push(`${request.method ?? "GET"} ${request.path}`);
    return answer(request);
  };
  return { client: { s3: ask, s3Xml: ask } as unknown as AwsClient, asked };
}

const refusal = (code: string, status = 400) => new AwsError({ code, message: "", status });
const element = (localName: string, inside: unknown[] | string = []) =>
  typeof inside === "string"
    ? { localName, children: [], textContent: inside }
    : { localName, children: inside, textContent: "" };

describe("copying", () => {
  test("is one request: a refused copy is not tried part by part, which would drop the tags", async () => {
    const { client, asked } = fakeClient(({ method }) => {
      if (method === "HEAD") return new Response(null, { headers: { "content-length": String(6 * 1024 ** 3) } });
      throw refusal("InvalidRequest");
    });
    const copied = copyObject(client, { bucket: "b", key: "from" }, { bucket: "b", key: "to" }, { mayReplace: true });
    await expect(copied).rejects.toMatchObject({ code: "InvalidRequest" });
    expect(asked).toEqual(["PUT /b/to"]);
  });

  test("a move deletes its source, but nothing that has its own name", async () => {
    const { client, asked } = fakeClient(() => element("Answer"));
    await moveObject(client, { bucket: "b", key: "from" }, { bucket: "b", key: "to" });
    expect(asked.splice(0)).toEqual(["PUT /b/to", "POST /b"]);
    await moveObject(client, { bucket: "b", key: "a" }, { bucket: "other", key: "a" });
    expect(asked.splice(0)).toEqual(["PUT /other/a", "POST /b"]);
    const from = { bucket: "b", key: "a", versionId: "null" };
    await moveObject(client, from, { bucket: "b", key: "a" }, { mayReplace: true });
    expect(asked).toEqual(["PUT /b/a"]);
  });
});

test("a rename names its source by the key alone, of which the store drops one slash", async () => {
  const sources: unknown[] = [];
  const { client } = fakeClient(({ headers }) => sources.push(headers?.["x-amz-rename-source"]));
  for (const key of ["a b/c+d", "/leading"]) await renameObject(client, "b", key, "to");
  expect(sources).toEqual(["/a%20b/c%2Bd", "//leading"]);
});

test("whether an object exists is told by HEAD; what nobody may look at counts as absent", async () => {
  const after = (status: number) => {
    const { client } = fakeClient(() => {
      if (status === 200) return new Response(null);
      throw refusal("", status);
    });
    return objectExists(client, { bucket: "b", key: "k" });
  };
  expect([await after(200), await after(404), await after(403)]).toEqual([true, false, false]);
  await expect(after(0)).rejects.toThrow();
  await expect(after(503)).rejects.toThrow();
});

describe("deleting", () => {
  test("tries all, and throws the first failure only then", async () => {
    const { client, asked } = fakeClient(({ method }) => {
      if (method === "DELETE") throw refusal("AccessDenied", 403);
      return element("DeleteResult");
    });
    const deleted = deleteObjects(client, "b", [{ key: "a" }, { key: "in\u0001XML" }]);
    await expect(deleted).rejects.toMatchObject({ code: "AccessDenied" });
    expect(asked).toEqual(["DELETE /b/in%01XML", "POST /b"]);
  });

  test("tells the delete markers that were made", async () => {
    const { client } = fakeClient(() =>
      element("DeleteResult", [
        element("Deleted", [
          element("Key", "a"),
          element("DeleteMarker", "true"),
          element("DeleteMarkerVersionId", "m1"),
        ]),
        element("Deleted", [element("Key", "b")]),
      ]),
    );
    expect(await deleteObjects(client, "b", [{ key: "a" }, { key: "b" }])).toEqual([
      { key: "a", markerId: "m1" },
      { key: "b", markerId: null },
    ]);
  });

  test("keeps what undoes it up to a thousand, and the count of all", () => {
    const soFar = new DeletedSoFar();
    const page = Array.from({ length: 500 }, (_, index) => ({ key: `k${index}`, markerId: `m${index}` }));
    soFar.add(page);
    soFar.add([...page.slice(1), { key: "never there", markerId: null }]);
    expect([soFar.count, soFar.markers.length]).toEqual([1_000, 999]);
    expect(soFar.markers[0]).toEqual({ key: "k0", versionId: "m0" });
    soFar.add(page);
    soFar.add([{ key: "last", markerId: "m" }]);
    expect([soFar.count, soFar.markers]).toEqual([1_501, []]);
  });

  test("keys of a listing are decoded as forms are", () => {
    expect(urlDecoded("a+b%2Bc/%C3%A9%01")).toBe("a b+c/é\u0001");
  });
});
