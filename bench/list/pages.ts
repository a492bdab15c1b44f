import { strict as assert } from "node:assert";
import type { BenchClient } from "../support/http-client.ts";
import { type MeteredSherd, meteredBetween, readMetered } from "../support/metered-sherd.ts";
import { signedRequest } from "../support/signed-request.ts";
import { type Shape, VERSIONED_EVERY } from "./shapes.ts";

/** A bucket of one shape and size, on a server of its own. */
export interface Filled {
  sherd: MeteredSherd;
  bucket: string;
  shape: Shape;
  keys: number;
}

/** What a request, or a walk of many, found and cost. */
export interface Listed {
  entries: number;
  ms: number;
  rowsRead: number;
  requests: number;
}

export interface Page {
  name: string;
  run(client: BenchClient, filled: Filled): Promise<Listed>;
}

const PAGE_ENTRIES = 1000;
/** So that the smallest bucket has as much behind its middle. */
const MIDDLE_ENTRIES = 500;
const ENTRY = /<(Contents|CommonPrefixes|Version|DeleteMarker)>/g;

/** The pages that are measured of a shape. */
export function pagesOf(shape: Shape): Page[] {
  const objects: Page[] = [
    page("first", () => ["list-type=2", ({ keys }) => Math.min(keys, PAGE_ENTRIES)]),
    page("middle", ({ shape, keys }) => [
      `list-type=2&max-keys=${MIDDLE_ENTRIES}&start-after=${encodeURIComponent(shape.keyAt(keys / 2 - 1, keys))}`,
      () => MIDDLE_ENTRIES,
    ]),
    page("delimiter", () => ["list-type=2&delimiter=%2F", ({ shape, keys }) => shape.delimitedEntries(keys)]),
  ];
  const versions: Page[] = [
    page("versions, first", () => ["versions=", ({ keys }) => Math.min(versionsOf(keys), PAGE_ENTRIES)]),
    page("versions, middle", ({ shape, keys }) => [
      `versions=&max-keys=${MIDDLE_ENTRIES}&key-marker=${encodeURIComponent(`${shape.keyAt(keys / 2 - 1, keys)}-`)}`,
      () => MIDDLE_ENTRIES,
    ]),
    page("versions, delimiter", () => [
      "versions=&delimiter=%2F",
      ({ keys }) => Math.min(versionsOf(keys), PAGE_ENTRIES),
    ]),
  ];
  return shape.hasVersions ? [...objects, ...versions] : objects;
}

/** Walks of the whole bucket, page after page. */
export function walksOf(shape: Shape): Page[] {
  const objects = walk("walk", "list-type=2", ({ keys }) => keys);
  return shape.hasVersions ? [objects, walk("versions, walk", "versions=", ({ keys }) => versionsOf(keys))] : [objects];
}

/** Versions and delete markers of this many keys, current ones among them. */
function versionsOf(keys: number): number {
  return keys + 2 * VERSIONED_EVERY * Math.ceil(keys / VERSIONED_EVERY);
}

function page(name: string, asked: (filled: Filled) => [query: string, entries: (filled: Filled) => number]): Page {
  return {
    name,
    run: async (client, filled) => {
      const [query, entries] = asked(filled);
      const before = await readMetered(filled.sherd);
      const { ms, found } = await list(client, filled, query);
      const { rowsRead } = meteredBetween(before, await readMetered(filled.sherd));
      assert.equal(found, entries(filled), `entries of ${filled.shape.name} ${filled.keys} ${name}`);
      return { entries: found, ms, rowsRead, requests: 1 };
    },
  };
}

function walk(name: string, query: string, entries: (filled: Filled) => number): Page {
  return {
    name,
    run: async (client, filled) => {
      const before = await readMetered(filled.sherd);
      const all = { entries: 0, requests: 0 };
      const startedMs = performance.now();
      for (let next: string | null = ""; next !== null; ) {
        const answer = await list(client, filled, query + next);
        all.entries += answer.found;
        all.requests += 1;
        next = answer.next;
      }
      const ms = performance.now() - startedMs;
      const { rowsRead } = meteredBetween(before, await readMetered(filled.sherd));
      assert.equal(all.entries, entries(filled), `entries of ${filled.shape.name} ${filled.keys} ${name}`);
      return { ...all, ms, rowsRead };
    },
  };
}

/** `next`: what the query of the next page has more; null at the end. */
async function list(client: BenchClient, { sherd, bucket }: Filled, query: string) {
  const request = signedRequest(sherd, { method: "GET", bucket, query });
  const { text, ms } = await client.expect(request);
  return { ms, found: text.match(ENTRY)?.length ?? 0, next: nextOf(text) };
}

function nextOf(text: string): string | null {
  if (!text.includes("<IsTruncated>true</IsTruncated>")) return null;
  const element = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1];
  const token = element("NextContinuationToken");
  if (token !== undefined) return `&continuation-token=${encodeURIComponent(token)}`;
  const [key, version] = [element("NextKeyMarker"), element("NextVersionIdMarker")];
  const after = version === undefined ? "" : `&version-id-marker=${encodeURIComponent(version)}`;
  return `&key-marker=${encodeURIComponent(key ?? "")}${after}`;
}
