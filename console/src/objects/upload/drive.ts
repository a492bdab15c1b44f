import { AwsError } from "../../aws/errors.ts";
import { CANCELLED, type TaskHandle } from "../../tasks/tasks.ts";
import { text } from "../../text/text.ts";

/** What an upload in parts does. Each step may be done again. */
export interface UploadSteps<Part> {
  /** Sends the parts that have not arrived. */
  send(signal: AbortSignal): Promise<Part[]>;
  /** Makes the object of them. */
  complete(parts: Part[]): Promise<void>;
  /** Nobody will go on with it: the browser forgets it. */
  forget(): Promise<void>;
  /** Takes what has arrived away. */
  abort(): Promise<void>;
  /** Listings are read again. */
  changed(): Promise<void>;
}

/**
 * Sends what is missing, until it is done, fails, or the reader pauses or cancels: also while it is paused. Resolves when the task has ended
 * for now.
 */
export async function driveUpload<Part>(task: TaskHandle, steps: UploadSteps<Part>): Promise<void> {
  if (task.signal.aborted) return discard(task, steps);
  const pause = new AbortController();
  const signal = AbortSignal.any([task.signal, pause.signal]);
  const cancel = () => void discard(task, steps);
  task.signal.addEventListener("abort", cancel, { once: true });
  const again = () => {
    task.signal.removeEventListener("abort", cancel);
    void driveUpload(task, steps);
  };
  task.update({ state: "running", error: null, note: "", pause: () => pause.abort(), resume: again, retry: again });
  let isPaused = false;
  try {
    const parts = await steps.send(signal);
    task.update({ note: text("upload.completing") });
    await steps.complete(parts);
    await steps.forget();
    task.update({ state: "done", note: "" });
    await steps.changed();
  } catch (error) {
    if (task.signal.aborted) return;
    isPaused = pause.signal.aborted;
    if (isPaused) task.update({ state: "paused" });
    else await fail(task, steps, error);
  } finally {
    if (!isPaused) task.signal.removeEventListener("abort", cancel);
  }
}

async function fail<Part>(task: TaskHandle, steps: UploadSteps<Part>, error: unknown): Promise<void> {
  const code = error instanceof AwsError ? error.code : "";
  if (code === "NoSuchUpload") await steps.forget();
  if (code !== "PreconditionFailed") return task.update({ state: "failed", error });
  // Somebody has written the key since the upload began: it stays as it is.
  await steps.forget();
  await steps.abort();
  skip(task);
  await steps.changed();
}

/** Ends a task whose key exists and must not be replaced. */
export function skip(task: TaskHandle): void {
  task.update({ state: "done", note: text("upload.skipped", { count: 1 }) });
}

/** What the reader cancels is gone. At sign-out the upload stays, and may be resumed. */
async function discard<Part>(task: TaskHandle, steps: UploadSteps<Part>): Promise<void> {
  if (task.signal.reason !== CANCELLED) return;
  task.update({ state: "cancelled" });
  await steps.forget();
  await steps.abort();
  await steps.changed();
}
