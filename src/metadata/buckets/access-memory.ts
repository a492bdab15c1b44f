import type { RateLimit } from "../identities/rate-limits.ts";
import { type BucketRow, parseJson, type RawBucket } from "../rows.ts";
import type { BucketAccess } from "./access.ts";

/** Texts of policies and ACLs that an isolate remembers, in characters. Compiled they take about five times that. */
const REMEMBERED_CHARACTERS_MAX = 2 * 1024 * 1024;

/** Access settings of a bucket that were read before, and its lifecycle. `id` is of these very settings, in this very bucket. */
export interface KnownAccess {
  readonly id: string;
  readonly access: BucketAccess;
  readonly lifecycle: object | null;
  readonly characters: number;
}

/**
 * Access settings that were read lately, by the bucket's name. They may be 20 KB, and every operation needs them: a statement is
 * told which ones are known, and returns others only. So nothing that is remembered here can be out of date.
 */
export class AccessMemory {
  readonly #known = new Map<string, KnownAccess>();
  #characters = 0;

  of(bucket: string): KnownAccess | null {
    return this.#known.get(bucket) ?? null;
  }

  /** The row with its settings. `known` is what the statement that read it was told. */
  complete(raw: RawBucket, known: KnownAccess | null): BucketRow {
    const { access: text, lifecycle: rules, ownerRate, ...unparsed } = raw;
    const row = { ...unparsed, ownerRate: parseJson<RateLimit>(ownerRate) };
    if (row.accessId === null) return { ...row, access: null, lifecycle: null };
    if (text === null) {
      const { access, lifecycle } = known as KnownAccess;
      return { ...row, access, lifecycle };
    }
    const access = JSON.parse(text) as BucketAccess;
    const lifecycle = rules === null ? null : (JSON.parse(rules) as object);
    const characters = text.length + (rules?.length ?? 0);
    this.#remember(row.name, { id: row.accessId, access, lifecycle, characters });
    return { ...row, access, lifecycle };
  }

  #remember(bucket: string, known: KnownAccess): void {
    this.#characters -= this.#known.get(bucket)?.characters ?? 0;
    this.#known.delete(bucket);
    this.#known.set(bucket, known);
    this.#characters += known.characters;
    for (const [name, { characters }] of this.#known) {
      if (this.#characters <= REMEMBERED_CHARACTERS_MAX || name === bucket) return;
      this.#known.delete(name);
      this.#characters -= characters;
    }
  }
}
