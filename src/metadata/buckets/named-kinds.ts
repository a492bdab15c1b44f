/** Kinds of configurations of which a bucket may have many. */
export const NAMED_KINDS = ["intelligent-tiering", "inventory"] as const;

export type NamedKind = (typeof NAMED_KINDS)[number];
