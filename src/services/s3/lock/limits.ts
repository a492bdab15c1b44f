/** S3's limits on a bucket's default retention and on the duration of an event hold. */
export const LOCK_DAYS_MAX = 36_500;
export const LOCK_YEARS_MAX = 100;
