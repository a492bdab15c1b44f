import { describe, expect, it } from "vitest";
import { Announcer } from "../../src/events/announcer.ts";
import type { EventContext } from "../../src/events/deliver.ts";
import { ManualClock } from "../support/manual-clock.ts";

/** An announcer whose outbox is empty, and when it was looked at. */
function open() {
  const clock = new ManualClock(1_000_000);
  const passes: number[] = [];
  const outbox = {
    oldest: async () => {
      passes.push(clock.now() - 1_000_000);
      return { news: [], listeners: [], waiting: [], hasPublications: false };
    },
  };
  const context = { databases: [{ outbox }], topics: null, clock } as unknown as EventContext;
  const announcer = new Announcer(context, (error) => {
    throw error;
  });
  const runs: Promise<unknown>[] = [];
  const answerWithNews = async () => {
    announcer.note();
    announcer.afterAnswer({ waitUntil: (run) => void runs.push(run) });
    await clock.advance(0);
  };
  return { clock, passes, runs, answerWithNews };
}

describe("news", () => {
  it("that comes alone is delivered at once", async () => {
    const { clock, passes, runs, answerWithNews } = open();
    await answerWithNews();
    await clock.advance(60);
    await answerWithNews();
    await Promise.all(runs);
    expect(passes).toEqual([0, 60]);
  });

  it("that follows within 50 ms is delivered together", async () => {
    const { clock, passes, runs, answerWithNews } = open();
    for (let n = 0; n < 12; n++) {
      await answerWithNews();
      await clock.advance(10);
    }
    await clock.advance(100);
    await Promise.all(runs);
    expect(passes).toEqual([0, 50, 100, 150]);
  });
});
