import { require, type Statement } from "../database.ts";
import { type ChecksumRow, jsonOrNull } from "../rows.ts";
import type { NewAnnotation } from "./annotation-rows.ts";

/** The annotations that a new version takes over from the version that it is made of. */
export interface CarriedAnnotations {
  /** The version that has those in `shared` and `rewritten`, and no other. */
  fromVersionId: string;
  /** Those whose bytes the copy has too: name, id, and the copy's id and (null: the same) checksum. */
  shared: readonly (readonly [name: string, id: string, copyId: string, checksum: ChecksumRow | null])[];
  /** The others that it has, in this database: name and id. Their bytes were written anew, as some of `written`. */
  rewritten: readonly (readonly [name: string, id: string])[];
  /** Those whose bytes were written anew. */
  written: readonly NewAnnotation[];
}

/** A parameter of D1 has at most 2 MB. */
const PARAMETER_CHARS = 500_000;

/** How many annotations a version gets. */
export function countCarried(carried: CarriedAnnotations | undefined): number {
  return carried === undefined ? 0 : carried.shared.length + carried.written.length;
}

/**
 * Statements of the batch that makes a version: its annotations refer to the same blobs as those that they are copies of. Fails with
 * object_changed if these are not what was found. The row of an annotation holds its blobs, so they cannot be condemned.
 */
export function carryAnnotations(
  { id: versionId, modifiedMs }: { id: string; modifiedMs: number },
  { fromVersionId, shared, rewritten, written }: CarriedAnnotations,
): Statement[] {
  const seen = [...shared, ...rewritten];
  return [
    ...(seen.length > 0 ? [requireUnchanged(fromVersionId, seen)] : []),
    ...(shared.length > 0 ? share(versionId, modifiedMs, { fromVersionId, shared }) : []),
    ...inParameters(written.map((annotation) => rowOf(annotation))).flatMap((rows) => insert(versionId, rows)),
  ];
}

const FOUND = `json_each(?1) j CROSS JOIN annotations a
    ON a.version_id = ?2 AND a.name = j.value ->> 0 AND a.id = j.value ->> 1`;

/** The version has these annotations and no others. */
function requireUnchanged(versionId: string, seen: readonly (readonly [name: string, id: string, ...unknown[]])[]) {
  const list = JSON.stringify(seen.map(([name, id]) => [name, id]));
  const unchanged = `(SELECT count(*) FROM ${FOUND}) = ?3 AND (SELECT count(*) FROM annotations WHERE version_id = ?2) = ?3`;
  return require("object_changed", unchanged, [list, versionId, seen.length]);
}

function share(
  versionId: string,
  modifiedMs: number,
  { fromVersionId, shared }: Pick<CarriedAnnotations, "fromVersionId" | "shared">,
): Statement[] {
  const list = JSON.stringify(shared.map(([name, id, copyId, checksum]) => [name, id, copyId, jsonOrNull(checksum)]));
  return [
    {
      sql: `INSERT OR IGNORE INTO blob_refs (blob_id, referent)
            SELECT e.value ->> 2, j.value ->> 2 FROM ${FOUND}, json_each(a.extents) e`,
      values: [list, fromVersionId],
    },
    {
      sql: `INSERT OR REPLACE INTO annotations
              (version_id, name, id, size_bytes, etag, modified_ms, checksum, extents, inline_body, layers)
            SELECT ?3, a.name, j.value ->> 2, a.size_bytes, a.etag, ?4, coalesce(j.value ->> 3, a.checksum),
              CASE WHEN a.extents IS NOT NULL THEN
                (SELECT json_group_array(json_array(e.value ->> 0, e.value ->> 1, e.value ->> 2, e.value ->> 3, j.value ->> 2) ORDER BY e.key)
                 FROM json_each(a.extents) e) END,
              a.inline_body, a.layers
            FROM ${FOUND}`,
      values: [list, fromVersionId, versionId, modifiedMs],
    },
  ];
}

/** An annotation as a list for `insert`. */
export function rowOf(annotation: NewAnnotation): (string | number | null)[] {
  const { name, id, sizeBytes, etag, modifiedMs, checksum, extents, inlineBody, layers } = annotation;
  return [name, id, sizeBytes, etag, modifiedMs, JSON.stringify(checksum), jsonOrNull(extents), inlineBody, layers];
}

/** Statements that insert annotations of a version, replacing those of the same names, and make them hold their blobs. */
export function insert(versionId: string, rows: readonly (string | number | null)[][]): Statement[] {
  const list = JSON.stringify(rows);
  const columns = Array.from({ length: 9 }, (_, index) => `j.value ->> ${index}`).join(", ");
  return [
    {
      sql: `INSERT OR REPLACE INTO annotations
              (version_id, name, id, size_bytes, etag, modified_ms, checksum, extents, inline_body, layers)
            SELECT ?2, ${columns} FROM json_each(?1) j`,
      values: [list, versionId],
    },
    {
      sql: `INSERT OR IGNORE INTO blob_refs (blob_id, referent)
            SELECT e.value ->> 2, j.value ->> 1 FROM json_each(?1) j, json_each(j.value ->> 6) e WHERE j.value ->> 6 IS NOT NULL`,
      values: [list],
    },
  ];
}

/** As few lists as fit in a parameter each. */
function inParameters(rows: readonly (string | number | null)[][]): (string | number | null)[][][] {
  const lists: (string | number | null)[][][] = [];
  let chars = Number.POSITIVE_INFINITY;
  for (const row of rows) {
    const length = JSON.stringify(row).length;
    if (chars + length > PARAMETER_CHARS) {
      lists.push([]);
      chars = 0;
    }
    lists.at(-1)?.push(row);
    chars += length;
  }
  return lists;
}
