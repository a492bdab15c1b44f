/**
 * Does `work` for each item, `atOnce` of them at a time. The first failure is thrown, and aborts the signal that the others have been
 * given: none goes on for nothing.
 */
export async function sideBySide<Item>(
  items: readonly Item[],
  { atOnce, signal }: { atOnce: number; signal: AbortSignal },
  work: (item: Item, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const queue = items[Symbol.iterator]();
  const worker = async () => {
    for (const item of queue) {
      either.throwIfAborted();
      await work(item, either);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker)).finally(() => stop.abort());
}
