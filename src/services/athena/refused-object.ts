import { ObjectRefused } from "./operation.ts";

/** An error of S3's has a code; anything else is a bug, or the server's trouble. */
export function refusedObject(error: unknown): never {
  const { code, status } = error as { code?: unknown; status?: unknown };
  if (typeof code === "string" && typeof status === "number" && status < 500)
    throw new ObjectRefused(code, { cause: error });
  throw error;
}
