/**
 * The prefixes that a walk must look at to see every key that begins with one of `prefixes`: none of the result begins with another one,
 * so no key is seen twice.
 */
export function outermost(prefixes: readonly string[]): string[] {
  const sorted = [...new Set(prefixes)].sort((a, b) => a.length - b.length);
  const kept: string[] = [];
  for (const prefix of sorted) {
    if (!kept.some((outer) => prefix.startsWith(outer))) kept.push(prefix);
  }
  return kept;
}
