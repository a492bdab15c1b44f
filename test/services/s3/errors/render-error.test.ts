import { expect, test } from "vitest";
import { S3Error } from "../../../../src/services/s3/errors/error.ts";
import { errorDocument, toS3Error } from "../../../../src/services/s3/errors/render-error.ts";
import { StoreError } from "../../../../src/store/failure.ts";

const ids = { resource: "/b/k&", requestId: "ID", hostId: "HOST" };

test("code, message, details, resource and ids, escaped", () => {
  const error = new S3Error("NoSuchKey", undefined, { Key: "<k>" });
  expect(errorDocument(error, ids)).toBe(
    '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.' +
      "</Message><Key>&lt;k&gt;</Key><Resource>/b/k&amp;</Resource><RequestId>ID</RequestId><HostId>HOST</HostId></Error>",
  );
});

test.each([
  [{ kind: "no-such-bucket", bucket: "b" }, "NoSuchBucket", 404],
  [{ kind: "bucket-exists", bucket: "b", ownedByCaller: true }, "BucketAlreadyOwnedByYou", 409],
  [{ kind: "bucket-exists", bucket: "b", ownedByCaller: false }, "BucketAlreadyExists", 409],
  [{ kind: "precondition-no-such-key", key: "k" }, "NoSuchKey", 404],
  [{ kind: "drives-unavailable", needed: 5, available: 3 }, "SlowDown", 503],
  [{ kind: "metadata-unavailable" }, "ServiceUnavailable", 503],
] as const)("a failure of the store, %j, is %s", (failure, code, status) => {
  expect(toS3Error(new StoreError(failure))).toMatchObject({ code, status });
});

test("a bug tells the client nothing of itself", () => {
  const bug = new TypeError("x of secret-thing is undefined");
  const error = toS3Error(bug);
  expect(error).toMatchObject({ code: "InternalError", status: 500, cause: bug });
  expect(errorDocument(error, ids)).not.toContain("secret-thing");
});
