import type { Clock } from "../base/clock.ts";
import { decorate, decorateReader, decorateWriter } from "./decorate.ts";
import { type Drive, DriveError } from "./drive.ts";
import { StepTimer } from "./step-timer.ts";

export interface TimeoutOptions {
  clock: Clock;
  /** For `get` and `head`: until the answer begins. */
  callMs: number;
  /**
   * For one `read`, one `write`, one `abort`. Time between them, while the caller is busy, does not
   * count.
   */
  stepMs: number;
  /** For `close`: until the drive has acknowledged the shard. */
  closeMs: number;
  /** For `delete` and `list`, which may consist of a thousand calls. */
  bulkMs: number;
}

/**
 * Limits the time of every call, and of every step of a shard being written or read. Late calls are
 * abandoned.
 */
export function withTimeout(drive: Drive, options: TimeoutOptions): Drive {
  const { callMs, stepMs, closeMs, bulkMs } = options;
  const newTimer = () => new StepTimer(options.clock, drive.name);
  const within = <T>(call: string, ms: number, work: Promise<T>) => {
    const timer = newTimer();
    const bounded = timer.within(call, ms, work);
    timer.end();
    return bounded;
  };
  return decorate(drive, {
    put: (key, sizeBytes) => {
      const writer = drive.put(key, sizeBytes);
      const steps = newTimer();
      const abort = () => {
        steps.end();
        return within("abort", stepMs, writer.abort()).catch(() => {});
      };
      const orAbort = async (work: Promise<void>) => {
        try {
          await work;
        } catch (error) {
          if (error instanceof DriveError && error.fault === "timeout") void abort();
          throw error;
        }
      };
      return decorateWriter(writer, {
        write: (bytes) => orAbort(steps.within("write", stepMs, writer.write(bytes))),
        close: () => {
          const closed = steps.within("close", closeMs, writer.close());
          steps.end();
          return orAbort(closed);
        },
        abort,
      });
    },
    get: async (key, range) => {
      const opening = drive.get(key, range);
      const reader = await within("get", callMs, opening).catch((error: unknown) => {
        // The answer may still come, and would occupy a connection.
        opening.then(
          (late) => late?.cancel(),
          () => {},
        );
        throw error;
      });
      if (reader === null) return null;
      const steps = newTimer();
      const cancel = () => {
        steps.end();
        return within("cancel", stepMs, reader.cancel()).catch(() => {});
      };
      return decorateReader(reader, {
        read: async (length, spare) => {
          try {
            return await steps.within("read", stepMs, reader.read(length, spare));
          } catch (error) {
            void cancel();
            throw error;
          }
        },
        cancel,
      });
    },
    head: (key) => within("head", callMs, drive.head(key)),
    delete: (keys) => within("delete", bulkMs, drive.delete(keys)),
    list: (page) => within("list", bulkMs, drive.list(page)),
  });
}
