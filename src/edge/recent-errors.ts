/** A request that was refused or that failed. Neither key nor query nor caller are in it. */
export interface RecentError {
  /** When the request arrived. */
  readonly atMs: number;
  readonly status: number;
  /** AWS's code of the error; null: an answer without one, as of HEAD. */
  readonly code: string | null;
  /** `GetObject`; "unknown" where it was refused before that was known. */
  readonly operation: string;
  readonly service: string;
  /** Null: it is about no bucket, or about what cannot be one. */
  readonly bucket: string | null;
  readonly requestId: string;
}

/** Requests of each class that an isolate remembers. */
export const ERRORS_KEPT = 200;
const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/** Names of operations and codes are the server's own; a bound in any case. */
const TEXT_MAX = 100;

/**
 * The last requests of this isolate that failed (5xx) or were refused (4xx), a bounded number of each, so that many refusals do not hide a
 * failure. In memory alone: they are gone with the isolate.
 */
export class RecentErrors {
  #failed: RecentError[] = [];
  #refused: RecentError[] = [];

  /** Takes note of it if its status is that of an error. */
  note(error: RecentError): void {
    if (error.status < 400) return;
    const list = error.status >= 500 ? this.#failed : this.#refused;
    list.push({
      ...error,
      code: error.code?.slice(0, TEXT_MAX) ?? null,
      operation: error.operation.slice(0, TEXT_MAX),
      bucket: error.bucket !== null && BUCKET_NAME.test(error.bucket) ? error.bucket : null,
    });
    if (list.length > ERRORS_KEPT) list.shift();
  }

  /** The newest first. */
  list(): RecentError[] {
    return newestFirst([...this.#failed, ...this.#refused]);
  }
}

/** As many of each class as one isolate keeps, of lists of several. */
export function mergeErrors(lists: readonly (readonly RecentError[])[]): RecentError[] {
  const all = newestFirst(lists.flat());
  const failed = all.filter(({ status }) => status >= 500).slice(0, ERRORS_KEPT);
  const refused = all.filter(({ status }) => status < 500).slice(0, ERRORS_KEPT);
  return newestFirst([...failed, ...refused]);
}

function newestFirst(errors: RecentError[]): RecentError[] {
  return errors.sort((a, b) => b.atMs - a.atMs);
}
