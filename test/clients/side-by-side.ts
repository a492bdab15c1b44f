import type { Availability, Client } from "./client.ts";

export interface Prepared {
  readonly client: Client;
  readonly outcome: PromiseSettledResult<Availability>;
}

/**
 * Prepares clients one after the other, in their order, while those that are ready may run already. One after the other, because they
 * share caches, locks of package managers and an environment of Python. Nothing may change that environment while programs run in it, so
 * the clients that share it are ready when the last of them is.
 */
export class Preparations {
  readonly #clients: readonly Client[];
  #ready: Prepared[] = [];
  #current: Client | undefined;
  #isOver = false;
  #news = Promise.withResolvers<void>();

  /** `whenShared` is called when the clients that share the environment are all prepared, before the first of them runs. */
  constructor(clients: readonly Client[], whenShared: () => void = () => {}) {
    this.#clients = clients;
    void this.#prepareAll(whenShared);
  }

  /** The client that is being prepared. */
  get current(): string | undefined {
    return this.#current?.name;
  }

  /** The first client that is ready and that nobody has taken; waits for one. Undefined when all have been taken. */
  async next(): Promise<Prepared | undefined> {
    for (;;) {
      const prepared = this.#ready.shift();
      if (prepared !== undefined || this.#isOver) return prepared;
      await this.#news.promise;
    }
  }

  async #prepareAll(whenShared: () => void): Promise<void> {
    const shared: Prepared[] = [];
    let sharedLeft = this.#clients.filter(({ sharesPython }) => sharesPython).length;
    for (const client of this.#clients) {
      this.#current = client;
      const [outcome] = await Promise.allSettled([Promise.resolve().then(() => client.prepare())]);
      if (!client.sharesPython) this.#add({ client, outcome });
      else {
        shared.push({ client, outcome });
        sharedLeft--;
        if (sharedLeft > 0) continue;
        whenShared();
        this.#add(...shared);
      }
    }
    this.#current = undefined;
    this.#isOver = true;
    this.#news.resolve();
  }

  #add(...prepared: readonly Prepared[]): void {
    const place = ({ client }: Prepared) => this.#clients.indexOf(client);
    this.#ready = [...this.#ready, ...prepared].sort((a, b) => place(a) - place(b));
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}

export interface Voice {
  print(text: string): void;
  end(): void;
}

/**
 * Keeps together what each of several speakers prints. The one that began first is heard at once, and the others when those before them
 * have ended.
 */
export class Turns {
  readonly #write: (text: string) => void;
  readonly #speakers: { texts: string[]; hasEnded: boolean }[] = [];

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  begin(): Voice {
    const speaker = { texts: [] as string[], hasEnded: false };
    this.#speakers.push(speaker);
    return {
      print: (text) => {
        speaker.texts.push(text);
        this.#flush();
      },
      end: () => {
        speaker.hasEnded = true;
        this.#flush();
      },
    };
  }

  /** What has been said out of turn, before an end. */
  printAll(): void {
    for (const { texts } of this.#speakers) for (const text of texts.splice(0)) this.#write(text);
  }

  #flush(): void {
    for (let first = this.#speakers[0]; first !== undefined; first = this.#speakers[0]) {
      for (const text of first.texts.splice(0)) this.#write(text);
      if (!first.hasEnded) return;
      this.#speakers.shift();
    }
  }
}
