import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AwsError } from "../../console/src/aws/errors.ts";
import { driveUpload, type UploadSteps } from "../../console/src/objects/upload/drive.ts";
import { isSameFile, keyOfFile, partBytes, partRanges, retryDelayMs } from "../../console/src/objects/upload/plan.ts";
import { sideBySide } from "../../console/src/objects/upload/side-by-side.ts";
import { CANCELLED, type Task, type TaskHandle } from "../../console/src/tasks/tasks.ts";

const MIB = 1024 ** 2;

/** A task that no tray shows; `listeners` counts who waits for its end. */
function openTask() {
  const controller = new AbortController();
  const { signal } = controller;
  const shown: Partial<Task> = {};
  const waiting = new Set<unknown>();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  Object.assign(signal, {
    addEventListener(type: string, listener: () => void, options: AddEventListenerOptions) {
      waiting.add(listener);
      add(type, listener, options);
    },
    removeEventListener(type: string, listener: () => void) {
      waiting.delete(listener);
      remove(type, listener);
    },
  });
  const task: TaskHandle = { id: 1, signal, update: (change) => void Object.assign(shown, change) };
  return { task, shown, cancel: (why: unknown = CANCELLED) => controller.abort(why), listeners: () => waiting.size };
}

/** Steps that note what was done; sending lasts until it is told to end, or is aborted. */
function openSteps(more: Partial<UploadSteps<number>> = {}) {
  const done: string[] = [];
  let end = (_failure?: unknown) => {};
  const note = (name: string) => async () => void done.push(name);
  const steps: UploadSteps<number> = {
    send: (signal) =>
      new Promise((resolve, reject) => {
        done.push("send");
        end = (failure) => (failure === undefined ? resolve([1]) : reject(failure));
        // As `fetch` does, and in no way that is counted as a listener of the task.
        AbortSignal.any([signal]).addEventListener("abort", () => reject(signal.reason));
      }),
    complete: note("complete"),
    forget: note("forget"),
    abort: note("abort"),
    changed: note("changed"),
    ...more,
  };
  return { steps, done, end: (failure?: unknown) => end(failure) };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));
const failure = (code: string) => new AwsError({ code, message: "", status: 400 });

describe("an upload in parts", () => {
  test("sends, completes, and is forgotten", async () => {
    const { task, shown, listeners } = openTask();
    const { steps, done, end } = openSteps();
    const ended = driveUpload(task, steps);
    end();
    await ended;
    expect([shown.state, done, listeners()]).toEqual(["done", ["send", "complete", "forget", "changed"], 0]);
  });

  test("that was cancelled before it began sends nothing, and leaves nothing", async () => {
    const { task, shown, cancel } = openTask();
    const { steps, done } = openSteps();
    cancel();
    await driveUpload(task, steps);
    expect([shown.state, done]).toEqual(["cancelled", ["forget", "abort", "changed"]]);
  });

  test("is gone when the reader cancels it, running or paused, once", async () => {
    for (const isPaused of [false, true]) {
      const { task, shown, cancel } = openTask();
      const { steps, done } = openSteps();
      const ended = driveUpload(task, steps);
      if (isPaused) {
        shown.pause?.();
        await ended;
        expect(shown.state).toBe("paused");
      }
      cancel();
      await settled();
      expect([shown.state, done]).toEqual(["cancelled", ["send", "forget", "abort", "changed"]]);
    }
  });

  test("stays at sign-out", async () => {
    const { task, cancel } = openTask();
    const { steps, done } = openSteps();
    const ended = driveUpload(task, steps);
    cancel(new DOMException("signed out", "AbortError"));
    await ended;
    expect(done).toEqual(["send"]);
  });

  test("listens once for its end, however often it is paused or fails", async () => {
    const { task, shown, cancel, listeners } = openTask();
    const { steps, done, end } = openSteps();
    void driveUpload(task, steps);
    for (let times = 0; times < 3; times++) {
      shown.pause?.();
      await settled();
      expect([shown.state, listeners()]).toEqual(["paused", 1]);
      shown.resume?.();
      end(failure("SlowDown"));
      await settled();
      expect([shown.state, listeners()]).toEqual(["failed", 0]);
      shown.retry?.();
      expect([shown.state, listeners()]).toEqual(["running", 1]);
    }
    done.length = 0;
    cancel();
    await settled();
    expect(done).toEqual(["forget", "abort", "changed"]);
  });

  test("is skipped if the key was written meanwhile, and forgotten if the store does not know it", async () => {
    const refused = openSteps({ complete: () => Promise.reject(failure("PreconditionFailed")) });
    const first = openTask();
    const ended = driveUpload(first.task, refused.steps);
    refused.end();
    await ended;
    expect([first.shown.state, refused.done]).toEqual(["done", ["send", "forget", "abort", "changed"]]);
    const second = openTask();
    const unknown = openSteps();
    const over = driveUpload(second.task, unknown.steps);
    unknown.end(failure("NoSuchUpload"));
    await over;
    expect([second.shown.state, unknown.done]).toEqual(["failed", ["send", "forget"]]);
  });
});

describe("work side by side", () => {
  const { signal } = new AbortController();

  test("does all, a few at a time", async () => {
    let running = 0;
    let most = 0;
    const done: number[] = [];
    await sideBySide([1, 2, 3, 4, 5, 6, 7], { atOnce: 3, signal }, async (item) => {
      running += 1;
      most = Math.max(most, running);
      await settled();
      running -= 1;
      done.push(item);
    });
    expect([done, most]).toEqual([[1, 2, 3, 4, 5, 6, 7], 3]);
  });

  test("stops the others at the first failure", async () => {
    const begun: number[] = [];
    let aborted = 0;
    const items = Array.from({ length: 100 }, (_, index) => index);
    const work = sideBySide(items, { atOnce: 4, signal }, async (item, stop) => {
      begun.push(item);
      stop.addEventListener("abort", () => {
        aborted += 1;
      });
      await settled();
      if (item === 2) throw new Error("the third");
      await settled();
    });
    await expect(work).rejects.toThrow("the third");
    for (let turns = 0; turns < 5; turns++) await settled();
    expect([begun, aborted]).toEqual([[0, 1, 2, 3], 4]);
  });

  test("ends with the signal's reason", async () => {
    const controller = new AbortController();
    const work = sideBySide([1, 2, 3], { atOnce: 1, signal: controller.signal }, async () =>
      controller.abort(new Error("enough")),
    );
    await expect(work).rejects.toThrow("enough");
  });
});

describe("the plan of an upload", () => {
  test("parts cover the file, in order, within the limits of S3", () => {
    const sizes = fc.oneof(fc.integer({ min: 16 * MIB + 1, max: 300 * 1024 * MIB }), fc.constant(5 * 1024 ** 4));
    fc.assert(
      fc.property(sizes, (size) => {
        const each = partBytes(size) ?? 0;
        const ranges = partRanges(size, each);
        expect(ranges.length).toBeLessThanOrEqual(10_000);
        expect([each >= 5 * MIB, each <= 5 * 1024 * MIB]).toEqual([true, true]);
        expect([ranges[0]?.start, ranges.at(-1)?.end, ranges.at(-1)?.number]).toEqual([0, size, ranges.length]);
        const isGap = ranges.some(({ start, end }, index) => end <= start || (ranges[index - 1]?.end ?? 0) !== start);
        expect(isGap).toBe(false);
      }),
      { numRuns: 20 },
    );
    expect([partBytes(0), partBytes(16 * MIB), partBytes(16 * MIB + 1)]).toEqual([null, null, 16 * MIB]);
  });

  test("waits longer each time, and not for ever", () => {
    expect([0, 1, 5].map((attempt) => retryDelayMs(attempt, () => 0.5))).toEqual([500, 1_000, 16_000]);
    expect([retryDelayMs(0, () => 0), retryDelayMs(6, () => 0)]).toEqual([250, null]);
  });

  test("keys have no slash before them; another file is told by name, size and time", () => {
    expect([keyOfFile("a/", "b/c"), keyOfFile("a/", "//b"), keyOfFile("", "b")]).toEqual(["a/b/c", "a/b", "b"]);
    const facts = { name: "a", size: 1, lastModified: 2 };
    expect(isSameFile(facts, { ...facts })).toBe(true);
    for (const change of [{ name: "b" }, { size: 2 }, { lastModified: 3 }])
      expect(isSameFile(facts, { ...facts, ...change })).toBe(false);
  });
});
