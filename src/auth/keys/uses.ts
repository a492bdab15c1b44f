import type { Clock } from "../../base/clock.ts";
import { MetadataUnavailable } from "../../metadata/database.ts";
import type { Identities } from "../../metadata/identities/identities.ts";
import type { Caller } from "../access.ts";

/** A use is written to D1 once in this time, by each isolate. */
const PAUSE_MS = 3_600_000;
/** Keys and roles whose last note an isolate remembers. */
const REMEMBERED_MAX = 5_000;

/**
 * When keys and roles were used last, for GetAccessKeyLastUsed and GetRole. Noted after the answer, an hour apart, so that no request
 * waits for it. What an isolate forgets is noted once more.
 */
export class KeyUses {
  readonly #identities: Pick<Identities, "keys">;
  readonly #clock: Clock;
  readonly #notedMs = new Map<string, number>();

  constructor(identities: Pick<Identities, "keys">, clock: Clock) {
    this.#identities = identities;
    this.#clock = clock;
  }

  /** Never rejects for want of D1: a use that is not noted now is noted by a later request. */
  async note(caller: Caller, service: string, region: string): Promise<void> {
    const { principal, accessKeyId } = caller;
    const usedMs = this.#clock.now();
    const role = principal.kind === "roleSession" ? principal.roleUniqueId : null;
    const id = role ?? (accessKeyId?.startsWith("AKIA") && caller.guard !== null ? accessKeyId : null);
    if (id === null || usedMs < (this.#notedMs.get(id) ?? Number.NEGATIVE_INFINITY) + PAUSE_MS) return;
    this.#remember(id, usedMs);
    try {
      if (role !== null) await this.#identities.keys.noteRoleUses([{ roleId: role, usedMs, region }]);
      else await this.#identities.keys.noteUses([{ keyId: id, usedMs, service, region }]);
    } catch (error) {
      if (!(error instanceof MetadataUnavailable)) throw error;
      this.#notedMs.delete(id);
    }
  }

  #remember(id: string, usedMs: number): void {
    this.#notedMs.delete(id);
    this.#notedMs.set(id, usedMs);
    const [oldest] = this.#notedMs.keys();
    if (this.#notedMs.size > REMEMBERED_MAX && oldest !== undefined) this.#notedMs.delete(oldest);
  }
}
