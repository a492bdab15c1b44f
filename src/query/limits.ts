/** Bounds of a query's text. SQLite itself takes 100 KB and a depth of 100 on D1. */
export const QUERY_CHARACTERS_MAX = 16_384;
export const QUERY_TOKENS_MAX = 4_000;
/** Parentheses and CASEs inside one another. */
export const QUERY_NESTING_MAX = 40;
/** Nodes of the tree above one another. D1 refuses expressions deeper than 100. */
export const QUERY_DEPTH_MAX = 90;
/** D1's bound of arguments, and of terms of a compound SELECT. */
export const ARGUMENTS_MAX = 32;
export const COMPOUND_TERMS_MAX = 5;
/** D1's bound of a LIKE or GLOB pattern, in bytes. */
export const PATTERN_BYTES_MAX = 50;
/** Items of FROM clauses in the whole query. */
export const TABLES_MAX = 16;
/** D1's bound of columns is 100; `cutSql` adds two. */
export const COLUMNS_MAX = 98;
