import { decorate } from "./decorate.ts";
import type { Drive } from "./drive.ts";

/**
 * Several databases keep their shards on the same drives, each under keys of its own. So the walk
 * of one never takes the shards of another for orphans, even if the other is no longer configured.
 * Keys of the first database have no namespace. All others sort after them, because a key of the
 * first begins with a creation time (0 to 7).
 */
const NAMESPACE = "z-";

/**
 * `inner` as a database other than the first sees it: all keys begin with `z-<name>-`, which its
 * callers do not see.
 */
export function withNamespace(inner: Drive, name: string): Drive {
  // In a key on any drive. No name followed by its hyphen is the beginning of another's.
  if (!/^[A-Z][A-Z0-9_]{0,31}$/.test(name)) throw new TypeError(`not the name of a namespace: ${name}`);
  const prefix = `${NAMESPACE}${name}-`;
  return decorate(inner, {
    put: (key, sizeBytes) => inner.put(prefix + key, sizeBytes),
    get: (key, range, how) => inner.get(prefix + key, range, how),
    head: (key) => inner.head(prefix + key),
    delete: (keys) => inner.delete(keys.map((key) => prefix + key)),
    list: async (options) => {
      const page = await inner.list({ ...options, prefix: prefix + (options.prefix ?? "") });
      const shards = page.shards.map(({ key, sizeBytes }) => ({ key: key.slice(prefix.length), sizeBytes }));
      return { ...page, shards };
    },
  });
}

/** `inner` as the first database sees it: a list ends where the keys of other databases begin. */
export function withoutNamespaces(inner: Drive): Drive {
  return decorate(inner, {
    list: async (options) => {
      const page = await inner.list(options);
      const shards = page.shards.filter(({ key }) => !key.startsWith(NAMESPACE));
      return shards.length < page.shards.length ? { shards } : page;
    },
  });
}
