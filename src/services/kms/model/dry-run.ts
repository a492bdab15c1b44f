import type { JsonError } from "../../../protocols/aws-json/error.ts";
import { kmsError } from "./errors.ts";

/** What a request is answered that only asks whether it would succeed. */
export function dryRunEnds(): JsonError {
  return kmsError("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.");
}

/** Throws DryRunOperationException if it was such a request. Called when nothing is left that could refuse it. */
export function requireDryRunEnds(dryRun: boolean | undefined): void {
  if (dryRun === true) throw dryRunEnds();
}
