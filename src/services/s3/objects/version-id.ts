import { parseVersionId } from "../../../store/version-id.ts";
import { S3Error } from "../errors/error.ts";

/** The version in the parameter versionId, if there is one. Throws InvalidArgument. */
export function versionOf(query: URLSearchParams): { versionId?: string } {
  const versionId = query.get("versionId");
  if (versionId === null) return {};
  checkVersionId(versionId);
  return { versionId };
}

/** Throws InvalidArgument if no version can have the id. `argument`: its place in the request. */
export function checkVersionId(versionId: string, argument = "versionId"): void {
  if (versionId !== "" && parseVersionId(versionId) !== null) return;
  const message = versionId === "" ? "Version id cannot be the empty string" : "Invalid version id specified";
  throw new S3Error("InvalidArgument", message, { ArgumentName: argument, ArgumentValue: versionId });
}

/** The header with the version of a request; none if the bucket never had versions. */
export function versionHeader(versionId: string | undefined): Record<string, string> {
  return versionId === undefined ? {} : { "x-amz-version-id": versionId };
}

/** The same for a new version: S3 does not name the null version of a suspended bucket. */
export function writtenVersionHeader(versionId: string | undefined): Record<string, string> {
  return versionHeader(versionId === "null" ? undefined : versionId);
}
