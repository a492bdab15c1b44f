import { describe, expect, test } from "vitest";
import type { AwsClient, AwsRequest } from "../../console/src/aws/client.ts";
import { AwsError } from "../../console/src/aws/errors.ts";
import { copyObject } from "../../console/src/aws/s3/objects.ts";

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
});
