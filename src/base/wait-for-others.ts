const BEAT_MS = 1_000;

/**
 * `promise`, which another request resolves. workerd ends a request that waits for nothing of its own, because its "code had
 * hung": a timer is something of its own.
 */
export async function waitForOthers<T>(promise: Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, BEAT_MS);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
  }
}
