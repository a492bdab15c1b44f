import { S3Error } from "../error.ts";

/**
 * Objects have no versions yet: `null`, the version of an object written without versioning, is the only one there is.
 * Throws InvalidArgument for an empty id, NoSuchVersion for any other.
 */
export function refuseOtherVersions(versionId: string | null | undefined, key: string): void {
  if (versionId === null || versionId === undefined || versionId === "null") return;
  if (versionId === "") {
    throw new S3Error("InvalidArgument", "Version id cannot be the empty string", {
      ArgumentName: "versionId",
      ArgumentValue: "",
    });
  }
  throw new S3Error("NoSuchVersion", undefined, { Key: key, VersionId: versionId });
}
