import { decorate, decorateWriter } from "../../src/drives/decorate.ts";
import type { Drive } from "../../src/drives/drive.ts";

/**
 * The connections of one invocation at Cloudflare's edge: that many calls at a time wait for an answer, and the next one waits for a
 * place. A put has its place from its beginning until it is answered, a get until its answer begins.
 */
export class Connections {
  readonly #placesMax: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;
  mostTaken = 0;

  constructor(placesMax: number) {
    this.#placesMax = placesMax;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get taken(): number {
    return this.#taken;
  }

  /** A drive all of whose calls need a place. */
  over(drive: Drive): Drive {
    return decorate(drive, {
      put: (key, sizeBytes) => {
        const writer = drive.put(key, sizeBytes);
        const place = this.#enter();
        const leave = () => void place.then((free) => free());
        return decorateWriter(writer, {
          write: async (bytes) => {
            await place;
            await writer.write(bytes);
          },
          close: async () => {
            await place;
            try {
              await writer.close();
            } finally {
              leave();
            }
          },
          abort: async () => {
            leave();
            await writer.abort();
          },
        });
      },
      get: async (key, range) => {
        const free = await this.#enter();
        try {
          return await drive.get(key, range);
        } finally {
          free();
        }
      },
    });
  }

  /** Resolves with what gives the place back, once. */
  async #enter(): Promise<() => void> {
    if (this.#taken >= this.#placesMax) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#taken += 1;
    this.mostTaken = Math.max(this.mostTaken, this.#taken);
    let isFree = false;
    return () => {
      if (isFree) return;
      isFree = true;
      const next = this.#waiting.shift();
      if (next) next();
      else this.#taken -= 1;
    };
  }
}
