/** A text with `*`, `?` and, in policies of version 2012-10-17, variables. Compiled once. */
export interface Pattern {
  readonly source: string;
}
