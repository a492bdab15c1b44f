const UTF8 = new TextEncoder();

const REMOVALS_MAX = 250;
/**
 * Of the list that a batch sends. One parameter holds it, of which D1 takes 2,000,000 bytes. It is searched once for each of its members, so
 * that the time grows with its square.
 */
const LIST_BYTES_MAX = 96 * 1024;
/** Ids, times and punctuation of a member. */
const MEMBER_BYTES = 160;

/** What is to be removed, in pieces that one batch takes each. A member that is larger than the limit alone goes alone. */
export function* inBatches<T extends { key: string; tagsText?: string | null }>(list: readonly T[]): Generator<T[]> {
  let some: T[] = [];
  let bytes = 0;
  for (const one of list) {
    const size = listBytes(one);
    if (some.length === REMOVALS_MAX || (some.length > 0 && bytes + size > LIST_BYTES_MAX)) {
      yield some;
      some = [];
      bytes = 0;
    }
    some.push(one);
    bytes += size;
  }
  if (some.length > 0) yield some;
}

/** At most what a member takes in the list: its key and tags as JSON writes them, which escapes. */
function listBytes({ key, tagsText }: { key: string; tagsText?: string | null }): number {
  return UTF8.encode(JSON.stringify([key, tagsText ?? null])).length + MEMBER_BYTES;
}
