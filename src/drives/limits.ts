/**
 * Most calls of one invocation that wait for an answer at a time, at Cloudflare's edge: R2, KV and
 * fetch count, D1 does not.
 */
export const CONNECTIONS_MAX = 6;
