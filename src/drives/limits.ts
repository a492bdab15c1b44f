/**
 * Most calls of one invocation that wait for an answer at a time, at Cloudflare's edge: R2, KV and
 * fetch count, D1 does not.
 */
export const CONNECTIONS_MAX = 6;

/** Calls to make at a time if one connection is left for the invocation's other calls. */
export const CALLS_AT_ONCE = CONNECTIONS_MAX - 1;
