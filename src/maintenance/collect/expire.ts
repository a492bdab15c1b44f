import { GuardError } from "../../metadata/database.ts";
import type { Job } from "../run/job.ts";

const UPLOADS_PER_BATCH = 50;

/**
 * Aborts multipart uploads that began too long ago; their parts become trash. Deletes the tokens of
 * old renames.
 */
export const expire: Job = {
  name: "expire",
  async run({ metadata, clock, settings }, budget) {
    let abortedUploads = 0;
    const beforeMs = clock.now() - settings.uploadAgeSecondsMax * 1000;
    while (!budget.isSpent()) {
      const uploads = await metadata.uploads.abandoned(beforeMs, UPLOADS_PER_BATCH);
      if (uploads.length === 0) break;
      for (const upload of uploads) {
        try {
          await metadata.uploads.abort(upload, clock.now());
          abortedUploads++;
        } catch (error) {
          // Completed or aborted a moment ago.
          if (!(error instanceof GuardError)) throw error;
        }
      }
    }
    const forgottenTokens = await metadata.renames.forgetTokens(clock.now());
    return { report: { abortedUploads, forgottenTokens }, cursor: null };
  },
};
