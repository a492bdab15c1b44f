import { openTestStore, pattern, put } from "/work/wt/life/test/support/store.ts";
import { createBucket } from "/work/wt/life/src/store/buckets/buckets.ts";
import { setLifecycle } from "/work/wt/life/src/store/buckets/lifecycle.ts";
import { lifecycle } from "/work/wt/life/src/maintenance/lifecycle/lifecycle.ts";
const rig = await openTestStore({ countsRows: true });
await createBucket(rig.store, { name: "filled", owner: "root", region: "us-east-1" });
const now = Date.now(), D = 86400000, keys = 10000, every = 100;
const insert = `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${keys})
 INSERT INTO objects (bucket_id, key, id, seq, is_null, size_bytes, etag, modified_ms, storage_class, attributes, extents)
 SELECT (SELECT id FROM buckets WHERE name = 'filled'), printf('logs/%09d', i), printf('%026d', i), 1, 1, 300000,
 '0123456789abcdef0123456789abcdef', CASE WHEN i % ${every} = 0 THEN ${now - 60 * D} ELSE ${now - D} END,
 'STANDARD', '{}', json_array(json_array(0, 300000, printf('%026d', i), 0, printf('%026d', i))) FROM n`;
await rig.d1.batch([rig.d1.prepare(insert)]);
await setLifecycle(rig.store, "filled", { rules: [{ id: "a", enabled: true, filter: { form: "one" }, expiration: { days: 30 } }], minimumSize: "all_storage_classes_128K" });
const bare = rig.d1.batch.bind(rig.d1);
const sums = new Map<string, [number, number, number]>();
(rig.d1 as any).batch = async (ss: any[]) => {
  const out: any = await bare(ss);
  out.forEach((o: any, i: number) => {
    const k = (ss[i] as any).sql.replace(/\s+/g, " ").slice(0, 260);
    const s = sums.get(k) ?? [0, 0, 0];
    sums.set(k, [s[0] + 1, s[1] + o.meta.rows_read, s[2] + o.meta.rows_written]);
  });
  return out;
};
await lifecycle.run(rig.store, { untilMs: Infinity, isSpent: () => false }, null);
let read = 0, wrote = 0;
for (const [k, v] of sums) { console.log(v.join("\t"), k); read += v[1]; wrote += v[2]; }
console.log("rows read a key", read / keys, "an expired", (read - keys) / (keys / every), "written", wrote / (keys / every));
process.exit(0);
