/**
 * Result of checking a drive's marker.
 *
 * - `ours`: it is the drive that the name stands for.
 * - `unseen`: it was never checked.
 * - `unreachable`: it does not answer.
 * - `emptied`: it answers, and has no marker: its contents are gone.
 * - `older`: it has an earlier marker of its own: a copy from a backup, or a disk that was away.
 * - `newer`: it has a later marker of its own than the database knows: the database was restored to
 *   an earlier time.
 * - `swapped`: it has the marker of another drive of this store.
 * - `foreign`: it belongs to another store.
 *
 * `emptied`, `older` and `newer` last until the next run of the jobs, which uses the drive again
 * and queues its losses. `swapped` and `foreign` last until somebody puts the right drive there, or
 * adopts this one.
 */
export type DriveState = "ours" | "unseen" | "unreachable" | "emptied" | "older" | "newer" | "swapped" | "foreign";
