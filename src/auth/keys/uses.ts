import { MetadataUnavailable } from "../../metadata/database.ts";
import type { KeyTable } from "../../metadata/identities/keys.ts";
import type { Caller } from "../access.ts";

/** AWS says that what it tells of a key's last use may be some minutes old. */
const AGAIN_AFTER_MS = 15 * 60_000;
const REMEMBERED_MAX = 5_000;

export interface KeyUse {
  readonly service: string;
  /** Of the credential scope; null without Signature Version 4. */
  readonly region: string | null;
  readonly nowMs: number;
}

/**
 * Notes when keys and roles were used last, for GetAccessKeyLastUsed and GetRole: each at most once in a quarter of an hour and
 * isolate, so it is no matter of each request. One D1 round trip then, which nobody waits for.
 */
export class KeyUses {
  readonly #keys: Pick<KeyTable, "noteUses" | "noteRoleUses">;
  readonly #notedMs = new Map<string, number>();

  constructor(keys: Pick<KeyTable, "noteUses" | "noteRoleUses">) {
    this.#keys = keys;
  }

  /** Never rejects: a note that D1 did not take is made by a later use. The Worker's own key is not noted. */
  async note({ principal, accessKeyId, guard }: Caller, { service, region, nowMs }: KeyUse): Promise<void> {
    if (guard === null || accessKeyId === null) return;
    const role = principal.kind === "roleSession" ? principal.roleUniqueId : null;
    const id = role ?? accessKeyId;
    if (nowMs - (this.#notedMs.get(id) ?? 0) < AGAIN_AFTER_MS) return;
    this.#remember(id, nowMs);
    const use = { usedMs: nowMs, region: region ?? "us-east-1" };
    try {
      if (role !== null) await this.#keys.noteRoleUses([{ ...use, roleId: role }]);
      else if (accessKeyId.startsWith("AKIA")) await this.#keys.noteUses([{ ...use, keyId: accessKeyId, service }]);
    } catch (error) {
      if (!(error instanceof MetadataUnavailable)) throw error;
      this.#notedMs.delete(id);
    }
  }

  #remember(id: string, nowMs: number): void {
    this.#notedMs.delete(id);
    this.#notedMs.set(id, nowMs);
    const [oldest] = this.#notedMs.keys();
    if (this.#notedMs.size > REMEMBERED_MAX && oldest !== undefined) this.#notedMs.delete(oldest);
  }
}
