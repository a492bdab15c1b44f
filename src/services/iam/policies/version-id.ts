import type { QueryError } from "../../../protocols/aws-query/error.ts";
import { noSuchEntity } from "../model/errors.ts";

/** 3 for `v3`; NaN for ids that are never given. */
export function versionNumber(versionId: string): number {
  return Number(versionId.slice(1));
}

export function missingVersion(arn: string, versionId: string): QueryError {
  return noSuchEntity(`Policy ${arn} version ${versionId} does not exist or is not attachable.`);
}
