import type { Drive, ShardReader, ShardWriter } from "./drive.ts";

/** The calls of a drive. */
export type DriveCalls = Pick<Drive, "put" | "get" | "head" | "delete" | "list">;

/** A drive like `inner`, except for the given calls. */
export function decorate(inner: Drive, calls: Partial<DriveCalls>): Drive {
  return {
    name: inner.name,
    domain: inner.domain,
    shardBytesMax: inner.shardBytesMax,
    class: inner.class,
    get draining() {
      return inner.draining ?? false;
    },
    settleMs: inner.settleMs,
    put: (key, sizeBytes) => inner.put(key, sizeBytes),
    get: (key, range, how) => inner.get(key, range, how),
    head: (key) => inner.head(key),
    delete: (keys) => inner.delete(keys),
    list: (options) => inner.list(options),
    ...calls,
  };
}

/** A writer like `inner`, except for the given methods. */
export function decorateWriter(inner: ShardWriter, methods: Partial<ShardWriter>): ShardWriter {
  return { write: (bytes) => inner.write(bytes), close: () => inner.close(), abort: () => inner.abort(), ...methods };
}

/** A reader like `inner`, except for the given methods. */
export function decorateReader(inner: ShardReader, methods: Partial<ShardReader>): ShardReader {
  return { read: (length, spare) => inner.read(length, spare), cancel: () => inner.cancel(), ...methods };
}
