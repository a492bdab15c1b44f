import { decorate, decorateReader, decorateWriter } from "./decorate.ts";
import type { Drive } from "./drive.ts";

/** Counts of calls to one drive. They never decrease. */
export interface DriveCounts {
  put: number;
  get: number;
  head: number;
  delete: number;
  list: number;
  /** Keys in all `delete` calls. */
  deletedKeys: number;
  /** Failed calls, and failed writers or readers that had begun. */
  failed: number;
  writtenBytes: number;
  readBytes: number;
}

export function newDriveCounts(): DriveCounts {
  return {
    put: 0,
    get: 0,
    head: 0,
    delete: 0,
    list: 0,
    deletedKeys: 0,
    failed: 0,
    writtenBytes: 0,
    readBytes: 0,
  };
}

/**
 * Counts the calls that reach the drive into `counts`. It is innermost, so that retries count and
 * refusals of a breaker do not.
 */
export function withCounts(drive: Drive, counts: DriveCounts): Drive {
  return decorate(drive, {
    put: (key, sizeBytes) => {
      counts.put += 1;
      const writer = drive.put(key, sizeBytes);
      const observe = failureOnce(counts);
      return decorateWriter(writer, {
        write: async (bytes) => {
          await observe(writer.write(bytes));
          counts.writtenBytes += bytes.length;
        },
        close: () => observe(writer.close()),
      });
    },
    get: async (key, range) => {
      counts.get += 1;
      const observe = failureOnce(counts);
      const reader = await observe(drive.get(key, range));
      return (
        reader &&
        decorateReader(reader, {
          read: async (length, spare) => {
            const bytes = await observe(reader.read(length, spare));
            counts.readBytes += bytes.length;
            return bytes;
          },
        })
      );
    },
    head: (key) => {
      counts.head += 1;
      return failureOnce(counts)(drive.head(key));
    },
    delete: (keys) => {
      counts.delete += 1;
      counts.deletedKeys += keys.length;
      return failureOnce(counts)(drive.delete(keys));
    },
    list: (page) => {
      counts.list += 1;
      return failureOnce(counts)(drive.list(page));
    },
  });
}

/** Passes results on and counts the first failure. */
function failureOnce(counts: DriveCounts): <T>(work: Promise<T>) => Promise<T> {
  let hasFailed = false;
  return async (work) => {
    try {
      return await work;
    } catch (error) {
      if (!hasFailed) counts.failed += 1;
      hasFailed = true;
      throw error;
    }
  };
}
