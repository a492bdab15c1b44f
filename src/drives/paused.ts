import type { Clock } from "../base/clock.ts";
import { decorate, decorateReader, decorateWriter } from "./decorate.ts";
import type { Drive } from "./drive.ts";

/** Duration of work, and of the rest after it. */
export interface Rhythm {
  workMs: number;
  pauseMs: number;
}

/**
 * Pauses that all calls of one run share. workerd handles input from outside, and timers, only when
 * nothing else is left to do. Its disk service never waits, so consecutive calls to it would keep
 * every client waiting until the last one. Belongs to one invocation: workerd lets no other await
 * its promises.
 */
export class Pauses {
  readonly #clock: Clock;
  readonly #rhythm: Rhythm;
  #pause: Promise<void> | null = null;
  /** When the last pause ended. */
  #sinceMs: number;

  constructor(clock: Clock, rhythm: Rhythm) {
    this.#clock = clock;
    this.#rhythm = rhythm;
    this.#sinceMs = clock.now();
  }

  /** Resolves when the caller may continue: at once, unless a pause is due or under way. */
  async take(): Promise<void> {
    if (this.#pause === null && this.#clock.now() - this.#sinceMs < this.#rhythm.workMs) return;
    this.#pause ??= this.#rest();
    await this.#pause;
  }

  async #rest(): Promise<void> {
    await this.#clock.sleep(this.#rhythm.pauseMs);
    this.#sinceMs = this.#clock.now();
    this.#pause = null;
  }
}

/** Pauses before each call, and before each piece that is read or written. */
export function withPauses(drive: Drive, pauses: Pauses): Drive {
  return decorate(drive, {
    put: (key, sizeBytes) => {
      const writer = drive.put(key, sizeBytes);
      return decorateWriter(writer, {
        write: async (bytes) => {
          await pauses.take();
          return writer.write(bytes);
        },
        close: async () => {
          await pauses.take();
          return writer.close();
        },
      });
    },
    get: async (key, range, how) => {
      await pauses.take();
      const reader = await drive.get(key, range, how);
      return (
        reader &&
        decorateReader(reader, {
          read: async (length, spare) => {
            await pauses.take();
            return reader.read(length, spare);
          },
        })
      );
    },
    head: async (key) => {
      await pauses.take();
      return drive.head(key);
    },
    delete: async (keys) => {
      await pauses.take();
      return drive.delete(keys);
    },
    list: async (page) => {
      await pauses.take();
      return drive.list(page);
    },
  });
}
