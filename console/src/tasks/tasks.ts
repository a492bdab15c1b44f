import { useSyncExternalStore } from "react";

type State = "running" | "paused" | "done" | "failed" | "cancelled";

/** Long work, as the tray shows it. */
export interface Task {
  id: number;
  title: string;
  state: State;
  /** In bytes or in things; `total` is null while it is unknown. */
  done: number;
  total: number | null;
  unit: "bytes" | "items";
  /** What it is doing, or why it failed. */
  note: string;
  error: unknown;
  /** While it runs, whatever it has not done yet is lost with the page. */
  isLostByLeaving?: boolean;
  pause?: (() => void) | undefined;
  resume?: (() => void) | undefined;
  retry?: (() => void) | undefined;
}

export interface TaskHandle {
  readonly id: number;
  /** Aborted when the reader cancels the task, with `CANCELLED`, or signs out. */
  readonly signal: AbortSignal;
  update(change: Partial<Omit<Task, "id">>): void;
}

/** Why the signal of a task is aborted that the reader cancels. At sign-out it is another reason. */
export const CANCELLED = new DOMException("cancelled", "AbortError");

const controllers = new Map<number, AbortController>();
/** Told of every change. */
const watchers = new Set<() => void>();
/** Told at most 20 times a second. */
const listeners = new Set<() => void>();
let tasks: readonly Task[] = [];
let lastId = 0;
let isTelling = false;

/** Begins a task, which is in the tray until the reader removes it. */
export function startTask(title: string, facts: Partial<Task> = {}): TaskHandle {
  lastId += 1;
  const id = lastId;
  const controller = new AbortController();
  controllers.set(id, controller);
  const fresh: Task = {
    id,
    title,
    state: "running",
    done: 0,
    total: null,
    unit: "items",
    note: "",
    error: null,
    ...facts,
  };
  tasks = [...tasks, { ...fresh, id }];
  tell();
  return { id, signal: controller.signal, update: (change) => updateTask(id, change) };
}

/** Runs `work` as a task: it ends as done, failed or cancelled. Returns whether it is done. */
export async function runTask(
  title: string,
  facts: Partial<Task>,
  work: (task: TaskHandle) => Promise<void>,
): Promise<boolean> {
  const task = startTask(title, facts);
  try {
    await work(task);
    task.update({ state: "done", note: "" });
    return true;
  } catch (error) {
    if (task.signal.aborted) task.update({ state: "cancelled" });
    else task.update({ state: "failed", error });
    return false;
  }
}

/** Ends the work, and takes it out of the tray if it has ended already. */
export function dismissTask(id: number): void {
  const task = tasks.find((one) => one.id === id);
  if (task?.state === "running" || task?.state === "paused") {
    controllers.get(id)?.abort(CANCELLED);
    return;
  }
  controllers.delete(id);
  tasks = tasks.filter((one) => one.id !== id);
  tell();
}

/** Takes all that have ended, well or not, out of the tray. */
export function dismissEnded(): void {
  tasks = tasks.filter(({ id, state }) => {
    if (state === "running" || state === "paused") return true;
    controllers.delete(id);
    return false;
  });
  tell();
}

export function isBusy(): boolean {
  return tasks.some(({ state }) => state === "running");
}

/** Whether something runs that ends with the page, and that nobody could go on with. */
export function losesByLeaving(): boolean {
  return tasks.some(({ state, isLostByLeaving }) => state === "running" && isLostByLeaving === true);
}

/** Ends all work: nobody is signed in any more. */
export function endTasks(): void {
  for (const controller of controllers.values()) controller.abort(new DOMException("signed out", "AbortError"));
  controllers.clear();
  tasks = [];
  tell();
}

export function useTasks(): readonly Task[] {
  return useSyncExternalStore(subscribe, () => tasks);
}

function subscribe(changed: () => void): () => void {
  listeners.add(changed);
  return () => listeners.delete(changed);
}

/** Calls `changed` at once whenever a task begins, changes or goes. Returns what stops it. */
export function onTasks(changed: () => void): () => void {
  watchers.add(changed);
  return () => watchers.delete(changed);
}

function updateTask(id: number, change: Partial<Task>): void {
  tasks = tasks.map((task) => (task.id === id ? { ...task, ...change } : task));
  tell();
}

/** Those that draw are told at most 20 times a second: a thousand files end faster than they can be drawn. */
function tell(): void {
  for (const watcher of watchers) watcher();
  if (isTelling) return;
  isTelling = true;
  setTimeout(() => {
    isTelling = false;
    for (const listener of listeners) listener();
  }, 50);
}
