import type { Clock } from "../base/clock.ts";
import { decorate, decorateReader, decorateWriter } from "./decorate.ts";
import { type Drive, DriveError } from "./drive.ts";

export interface TimeoutOptions {
  clock: Clock;
  /** For `get` and `head`: until the answer begins. */
  callMs: number;
  /** For one `read`, one `write`, one `abort`. The time between them, while the caller is busy, does not count. */
  stepMs: number;
  /** For `close`: until the drive has acknowledged the shard. */
  closeMs: number;
  /** For `delete` and `list`, which may be a thousand calls inside. */
  bulkMs: number;
}

/** Bounds the time of every call and every step of a shard being written or read. What is late is given up. */
export function withTimeout(drive: Drive, options: TimeoutOptions): Drive {
  const { callMs, stepMs, closeMs, bulkMs } = options;
  const within = <T>(call: string, ms: number, work: Promise<T>) =>
    bound(options.clock, drive.name, { call, ms, work });
  return decorate(drive, {
    put: (key, sizeBytes) => {
      const writer = drive.put(key, sizeBytes);
      const abort = () => within("abort", stepMs, writer.abort()).catch(() => {});
      const orAbort = async (work: Promise<void>) => {
        try {
          await work;
        } catch (error) {
          if (error instanceof DriveError && error.fault === "timeout") void abort();
          throw error;
        }
      };
      return decorateWriter(writer, {
        write: (bytes) => orAbort(within("write", stepMs, writer.write(bytes))),
        close: () => orAbort(within("close", closeMs, writer.close())),
        abort,
      });
    },
    get: async (key, range) => {
      const opening = drive.get(key, range);
      const reader = await within("get", callMs, opening).catch((error: unknown) => {
        // It may come yet, and would hold a connection.
        opening.then(
          (late) => late?.cancel(),
          () => {},
        );
        throw error;
      });
      if (reader === null) return null;
      const cancel = () => within("cancel", stepMs, reader.cancel()).catch(() => {});
      return decorateReader(reader, {
        read: async (length, spare) => {
          try {
            return await within("read", stepMs, reader.read(length, spare));
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

interface BoundedWork<T> {
  call: string;
  ms: number;
  work: Promise<T>;
}

function bound<T>(clock: Clock, drive: string, { call, ms, work }: BoundedWork<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.timer(ms);
    void timer.done.then(() => reject(new DriveError(drive, "timeout", `${call} took longer than ${ms} ms`)));
    work.then(
      (result) => {
        timer.cancel();
        resolve(result);
      },
      (error: unknown) => {
        timer.cancel();
        reject(error);
      },
    );
  });
}
