import { expect } from "vitest";
import type { Host } from "../../sim/listeners.ts";
import { Violation } from "../../sim/oracle.ts";
import { simulate } from "../../sim/simulation.ts";
import { isMarkerKey } from "../../src/drives/marker.ts";
import { kernelModule } from "../support/kernel.ts";

type Sabotage = (host: Host) => void;

/** Bugs that someone might write. Each must be caught, or the simulation proves nothing. */
export const CANARIES: [string, Sabotage][] = [
  [
    "a write is acknowledged before it is committed",
    ({ store }) => {
      const { commits } = store.metadata;
      const version = commits.version.bind(commits);
      let calls = 0;
      commits.version = async (commit) => (++calls % 10 === 0 ? { seq: 1 } : version(commit));
    },
  ],
  [
    "frames are served without being verified",
    ({ store }) => {
      store.engine.verifyFrame = () => true;
    },
  ],
  [
    "the collector deletes the shards of a blob that is still referred to",
    ({ store }) => {
      const { blobs } = store.metadata;
      const condemned = blobs.condemned.bind(blobs);
      blobs.condemned = async (after, limit) => {
        const found = await condemned(after, limit);
        if (after !== null) return found;
        const objects = await store.metadata.packing.scan("objects", null, 5);
        const live = await blobs.find(objects.flatMap(({ blobId }) => blobId ?? []).slice(0, 1));
        return [...live.map((blob) => ({ ...blob, condemnedMs: 0 })), ...found];
      };
    },
  ],
  [
    "a copy refers to its source's blobs without saying so",
    ({ store }) => {
      const { commits } = store.metadata;
      const version = commits.version.bind(commits);
      commits.version = ({ sharedBlobIds: _, ...commit }) => version(commit);
    },
  ],
  [
    "If-None-Match is looked up before the commit instead of in it",
    ({ store }) => {
      const { commits, objects } = store.metadata;
      const version = commits.version.bind(commits);
      commits.version = async ({ condition, ...commit }) => {
        if (!condition) return version(commit);
        const found = await objects.head({
          bucket: commit.version.bucket.versioning === null ? "plain" : "versioned",
          key: commit.version.key,
          version: { kind: "current" },
        });
        // Time for others, so that the window is met in a run of this length.
        await store.clock.sleep(1_000);
        return version(found?.object ? { ...commit, condition } : commit);
      };
    },
  ],
  [
    "an append is committed without a look at where the object ends by then",
    ({ store }) => {
      const { appends } = store.metadata;
      const append = appends.append.bind(appends);
      appends.append = async (commit) => {
        await store.clock.sleep(1_000);
        const now = await appends.find("plain", commit.key);
        return append(now?.object ? { ...commit, from: now.object } : commit);
      };
    },
  ],
  [
    "a rename is committed without a look at what the source is by then",
    ({ store }) => {
      const { renames, objects } = store.metadata;
      const rename = renames.rename.bind(renames);
      renames.rename = async (move) => {
        await store.clock.sleep(1_000);
        const name = move.bucket.versioning === null ? "plain" : "versioned";
        const now = await objects.head({ bucket: name, key: move.from, version: { kind: "current" } });
        if (!now?.object) return rename(move);
        const { encryption } = now.object.attributes as { encryption?: { sealed?: string } };
        return rename({ ...move, fromId: now.object.id, fromSealed: encryption?.sealed ?? null });
      };
    },
  ],
  [
    "a Complete leaves the parts that it took to the collector",
    ({ store }) => {
      const { commits } = store.metadata;
      const version = commits.version.bind(commits);
      commits.version = ({ completes, ...commit }) =>
        version(completes ? { ...commit, completes: { ...completes, parts: [] } } : commit);
    },
  ],
  [
    "a drive that was emptied is taken into use again, and what it held is neither queued nor looked for",
    ({ store }) => {
      store.metadata.losses.add = async () => {};
      store.metadata.losses.span = async () => null;
    },
  ],
  [
    "who a drive is, is remembered instead of looked up",
    ({ store }) => {
      for (const drive of store.drives) {
        const get = drive.get.bind(drive);
        drive.get = async (key, ...how) => {
          const reader = await get(key, ...how);
          if (reader || !isMarkerKey(key)) return reader;
          const { store: id } = await store.metadata.drives.look();
          const marker = { format: "sherd-drive", version: 1, store: id, drive: drive.name };
          const text = JSON.stringify({ ...marker, generation: 1, id: "", madeMs: 0 });
          return { read: async () => new TextEncoder().encode(text.padEnd(512)), cancel: async () => {} };
        };
      }
    },
  ],
  [
    "a transition drops what a version held before the new bytes are committed",
    ({ store }) => {
      const { tiers, blobs } = store.metadata;
      const move = tiers.move.bind(tiers);
      tiers.move = async (change) => {
        const extents = change.version.content.extents ?? [];
        await blobs.releaseTrash([{ droppedMs: 0, id: "", extents, annotations: 0 }], store.clock.now());
        await store.clock.sleep(1_000);
        return move(change);
      };
    },
  ],
  [
    "the healer takes nothing from its queue",
    ({ store }) => {
      store.metadata.healing.claim = async () => [];
    },
  ],
  [
    "a legal hold is acknowledged and not kept",
    ({ store }) => {
      const { amendments, objects } = store.metadata;
      const amend = amendments.amend.bind(amendments);
      amendments.amend = async (ref, amendment) => {
        const found = "legalHold" in amendment ? await objects.head(ref) : null;
        return found ? { ...found, applied: true } : amend(ref, amendment);
      };
    },
  ],
  [
    "what expires is removed without a look at what the key names by then",
    ({ store }) => {
      const { lifecycleRemovals, objects } = store.metadata;
      const removal = lifecycleRemovals.objects.bind(lifecycleRemovals);
      lifecycleRemovals.objects = async (decided, expired, options) => {
        await store.clock.sleep(1_000);
        const version = { kind: "current" } as const;
        const now = await Promise.all(
          expired.map(async (one) => {
            const found = await objects.head({ bucket: decided.bucket.name, key: one.key, version });
            return { ...one, id: found?.object?.id ?? one.id, tagsText: null };
          }),
        );
        return removal(decided, now, options);
      };
    },
  ],
  [
    "rules that are turned off go on",
    ({ store }) => {
      const { lifecycles } = store.metadata;
      const set = lifecycles.set.bind(lifecycles);
      lifecycles.set = async (name, setting, admitted) => {
        const { rules } = setting.configuration as { rules: { enabled: boolean }[] };
        if (rules.every(({ enabled }) => enabled)) await set(name, setting, admitted);
      };
    },
  ],
  [
    "a key is sealed again without a look at whose the row is by then",
    ({ store }) => {
      const { sealedKeys } = store.metadata;
      const reseal = sealedKeys.reseal.bind(sealedKeys);
      sealedKeys.reseal = async (table, changes) => {
        await store.clock.sleep(1_000);
        const { rows } = await sealedKeys.page(table, null, 10_000);
        const now = new Map(rows.map(({ place, encryption }) => [place.join(), encryption as { sealed: string }]));
        return reseal(
          table,
          changes.map((change) => ({ ...change, from: now.get(change.place.join())?.sealed ?? change.from })),
        );
      };
    },
  ],
  [
    "old versions are left under the older root key",
    ({ store }) => {
      const { sealedKeys } = store.metadata;
      const page = sealedKeys.page.bind(sealedKeys);
      sealedKeys.page = async (table, ...where) =>
        table === "versions" ? { rows: [], next: null } : page(table, ...where);
    },
  ],
  [
    "a deletion is not counted",
    ({ store }) => {
      const { removals } = store.metadata;
      const current = removals.current.bind(removals);
      removals.current = async (...removal) => {
        await store.metadata.run([{ sql: "DROP TRIGGER IF EXISTS usage_of_old_object", values: [] }]);
        return current(...removal);
      };
    },
  ],
  [
    "news is taken out of the outbox, and its messages are not sent",
    ({ store }) => {
      const { outbox } = store.metadata;
      const take = outbox.take.bind(outbox);
      let calls = 0;
      outbox.take = (ids, later, beside) => take(ids, later, ++calls % 10 === 0 ? [] : beside);
    },
  ],
  [
    "news of a change is written by a batch of its own",
    ({ store }) => {
      const { metadata } = store;
      const { commits } = metadata;
      const version = commits.version.bind(commits);
      commits.version = async ({ news, ...commit }) => {
        const { key, bucket } = commit.version;
        if (news !== null) {
          const row = [key, news?.event ?? "", commit.version.etag, bucket.notificationId];
          const sql = `INSERT INTO outbox (notification_id, key, event, version_id, seq, is_null, size_bytes, etag, at_ms)
            VALUES (?4, ?1, ?2, '', 0, 1, 0, ?3, 0)`;
          if (bucket.notificationId !== null) await metadata.run([{ sql, values: row }]);
        }
        return version({ ...commit, news: null });
      };
    },
  ],
];

export async function expectCaught(sabotage: Sabotage): Promise<void> {
  const kernel = kernelModule();
  let caught: unknown = null;
  // Which interleavings come up is up to the seed, and to every call that the code makes.
  for (let seed = 5; seed < 15 && caught === null; seed++) {
    caught = await simulate({ seed, steps: 6_000, kernel, sabotage }).then(
      () => null,
      (error: unknown) => error,
    );
  }
  // A job that meets what cannot be says so itself.
  if (!(caught instanceof AggregateError)) expect(caught).toBeInstanceOf(Violation);
}
