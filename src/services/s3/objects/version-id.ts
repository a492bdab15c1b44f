import { parseVersionId } from "../../../store/version-id.ts";
import { S3Error } from "../errors/error.ts";

/** The version that the parameter versionId names, if there is one. Throws InvalidArgument. */
export function versionOf(query: URLSearchParams): { versionId?: string } {
  const versionId = query.get("versionId");
  if (versionId === null) return {};
  checkVersionId(versionId);
  return { versionId };
}

/** Throws InvalidArgument for what cannot be the id of any version. `argument`: where the request has it. */
export function checkVersionId(versionId: string, argument = "versionId"): void {
  if (versionId !== "" && parseVersionId(versionId) !== null) return;
  const message = versionId === "" ? "Version id cannot be the empty string" : "Invalid version id specified";
  throw new S3Error("InvalidArgument", message, { ArgumentName: argument, ArgumentValue: versionId });
}

/** The header that names the version which a request was about; none where the bucket never had versions. */
export function versionHeader(versionId: string | undefined): Record<string, string> {
  return versionId === undefined ? {} : { "x-amz-version-id": versionId };
}

/** The same for a version that was written: S3 does not name the null version of a suspended bucket. */
export function writtenVersionHeader(versionId: string | undefined): Record<string, string> {
  return versionHeader(versionId === "null" ? undefined : versionId);
}
