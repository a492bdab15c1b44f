/**
 * List prices in US dollars, beyond what a paid plan includes. Whoever changes one changes the date beside it, and runs
 * bench:cost and bench:break-even for docs/cost.md and docs/configuration.md.
 */
export const PRICES = {
  /** Workers, standard usage. developers.cloudflare.com/workers/platform/pricing, November 2026. */
  workersRequest: 0.3 / 1e6,
  workersCpuMs: 0.02 / 1e6,
  /** D1. developers.cloudflare.com/d1/platform/pricing, November 2026. */
  d1RowRead: 0.001 / 1e6,
  d1RowWritten: 1 / 1e6,
  d1ByteMonth: 0.75 / 1e9,
  /** R2, standard storage. Class A: a put, a list. Class B: a get, a head. developers.cloudflare.com/r2/pricing, November 2026. */
  r2Put: 4.5 / 1e6,
  r2Get: 0.36 / 1e6,
  r2ByteMonth: 0.015 / 1e9,
  /** Workers KV. developers.cloudflare.com/kv/platform/pricing, November 2026. */
  kvWrite: 5 / 1e6,
  kvRead: 0.5 / 1e6,
  kvByteMonth: 0.5 / 1e9,
  /**
   * AWS S3 Standard in us-east-1: PUT, COPY, POST, LIST; GET and all others; the first 50 TB stored; the first 10 TB sent to the
   * internet. aws.amazon.com/s3/pricing, as widely quoted in 2026, not read at the source for this table.
   */
  awsPut: 5 / 1e6,
  awsGet: 0.4 / 1e6,
  awsByteMonth: 0.023 / 1e9,
  awsByteSent: 0.09 / 1e9,
} as const;
