import type { KeyRange } from "../../base/key-range.ts";

/** What of one bucket a caller may see, each by ranges of keys that are in order and do not overlap. */
export interface VisibleBucket {
  readonly id: number;
  readonly name: string;
  readonly region: string;
  readonly createdMs: number;
  /** Canonical id. */
  readonly owner: string;
  /** Null: the first account. */
  readonly ownerAccount: string | null;
  /** Rows of current versions, of all versions, of uploads and of their parts. */
  readonly objects: readonly KeyRange[];
  readonly versions: readonly KeyRange[];
  readonly uploads: readonly KeyRange[];
  readonly parts: readonly KeyRange[];
  /** Where columns show what a listing does not: of current versions. */
  readonly current: VisibleColumns;
  /** Of all versions. */
  readonly anyVersion: VisibleColumns;
  /** Those columns are shown only of objects that have no owner of their own, because an ACL might decide. */
  readonly ownersOnly: boolean;
  /** Parts are shown of this canonical id's uploads alone; null: of all. */
  readonly partsOf: string | null;
}

/** Outside of these ranges the columns are null. */
export interface VisibleColumns {
  /** What GetObject shows. */
  readonly content: readonly KeyRange[];
  /** What GetObjectTagging shows. */
  readonly tags: readonly KeyRange[];
  /** What GetObjectRetention and GetObjectLegalHold show. */
  readonly lock: readonly KeyRange[];
}

/** Rows of one bucket that one place of a query reads. */
export interface Scope {
  readonly bucket: VisibleBucket;
  /** What the caller may see of it, as far as the query's own conditions ask for it. */
  readonly keys: readonly KeyRange[];
  /** The caller may see every row of the bucket's. */
  readonly isWhole: boolean;
}
