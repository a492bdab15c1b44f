import { deleteObject as removeObject } from "../../store/objects.ts";
import { S3Error } from "../error.ts";
import type { Handler } from "../handler.ts";
import { refuseOtherVersions } from "../objects/version-id.ts";

/** Conditions on what is deleted. To ignore one would delete what the client wants kept. */
const CONDITIONS = ["If-Match", "If-None-Match", "x-amz-if-match-last-modified-time", "x-amz-if-match-size"];

/** DeleteObject. A key that does not exist is as good as deleted. */
export const deleteObject: Handler = async ({ bucket, key, query, headers, store }) => {
  for (const header of CONDITIONS) {
    if (headers.has(header)) throw new S3Error("NotImplemented", undefined, { Header: header });
  }
  refuseOtherVersions(query.get("versionId"), key);
  await removeObject(store, { bucket, key });
  return { status: 204 };
};
