import { MetadataUnavailable } from "../../metadata/database.ts";

/**
 * Runs a commit whose outcome may be uncertain: D1 can fail after it has applied a batch. `find`
 * then looks for a row that only this commit can have written, and returns the commit's result. If
 * it returns null, the original failure is thrown. The commit may still have been applied, if
 * somebody has replaced the row since.
 */
export async function confirmCommit<T>(commit: () => Promise<T>, find: () => Promise<T | null>): Promise<T> {
  try {
    return await commit();
  } catch (error) {
    if (!(error instanceof MetadataUnavailable)) throw error;
    const found = await find();
    if (found === null) throw error;
    return found;
  }
}
