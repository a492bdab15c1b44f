/**
 * What a look at a drive's marker showed.
 *
 * - `ours`: it is the drive that the name stands for.
 * - `unseen`: nobody has looked yet.
 * - `unreachable`: it does not answer.
 * - `emptied`: it answers, and has no marker: what it held is gone.
 * - `older`: it has an earlier marker of its own: a copy from a backup, or a disk that was away.
 * - `newer`: it has a later marker of its own than the database knows: the database was taken back to an earlier time.
 * - `swapped`: it has the marker of another drive of this store.
 * - `foreign`: it belongs to another store.
 *
 * `emptied`, `older` and `newer` last until the next run of the jobs, which takes the drive into use again and queues what it lacks.
 * `swapped` and `foreign` last until somebody puts the right drive there, or says that this one shall be taken over.
 */
export type DriveState = "ours" | "unseen" | "unreachable" | "emptied" | "older" | "newer" | "swapped" | "foreign";
