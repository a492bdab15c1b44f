import { expect, test } from "vitest";
import { EVERY_KEY } from "../../src/base/key-range.ts";
import { viewSql } from "../../src/metadata/query/views.ts";
import { seen } from "../support/seen.ts";
import { QueryRig } from "./rig.ts";

test("parts of others' uploads are left out where their writer alone may list them", () => {
  const rig = new QueryRig();
  for (const [bucket, name] of [
    [1, "guarded"],
    [2, "open"],
  ] as const) {
    rig.bucket(bucket, name);
    for (const owner of ["me", "else"]) {
      const id = `${name}-${owner}`;
      rig.d1.database.exec(`INSERT INTO uploads (bucket_id, key, id, owner, storage_class, attributes, initiated_ms)
        VALUES (${bucket}, 'k', '${id}', '${owner}', 'STANDARD', '{}', 0)`);
      rig.d1.database.exec(`INSERT INTO parts (upload_id, part_number, id, size_bytes, etag, modified_ms, extents)
        VALUES ('${id}', 1, 'p', 5, 'e', 0, '[]')`);
    }
  }
  const buckets = [{ ...seen(1, "guarded"), partsOf: "me" }, seen(2, "open")];
  const scopes = buckets.map((bucket) => ({ bucket, keys: EVERY_KEY, isWhole: true }));
  const [, ...rows] = rig.d1.rawRows(
    `SELECT upload_id FROM (${viewSql({ table: "parts", number: 1, scopes }, false)}) ORDER BY 1`,
  );
  expect(rows).toEqual([["guarded-me"], ["open-else"], ["open-me"]]);
  rig.d1.close();
});
