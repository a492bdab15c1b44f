import { findManagedPolicy } from "../policy/managed-policies.ts";
import { parsePolicy } from "../policy/parse.ts";
import type { Policy } from "../policy/policy.ts";

/** Texts of the policies that an isolate keeps compiled. Compiled, a policy takes some five times its text. */
const REMEMBERED_CHARACTERS_MAX = 4 * 1024 * 1024;

/** Policies compiled once for all who have them; the least recently used are dropped first. */
export class PolicyMemory {
  readonly #charactersMax: number;
  readonly #policies = new Map<string, Policy>();
  #characters = 0;

  constructor(charactersMax = REMEMBERED_CHARACTERS_MAX) {
    this.#charactersMax = charactersMax;
  }

  /** The policy of an identity (a boundary too) or a session, by its text. It was checked when it was stored. Throws an `Error` if it is none: that is a bug. */
  compile(text: string, kind: "identity" | "session"): Policy {
    const id = `${kind} ${text}`;
    const known = this.#policies.get(id);
    if (known !== undefined) {
      this.#policies.delete(id);
      this.#policies.set(id, known);
      return known;
    }
    const parsed = parsePolicy(text, { kind });
    if (!parsed.ok) throw new Error(`a stored policy cannot be read: ${JSON.stringify(parsed.failure)}`);
    this.#remember(id, parsed.policy);
    return parsed.policy;
  }

  /** One of AWS's own policies. Throws an `Error` if there is none of that ARN. */
  managed(arn: string): Policy {
    const found = findManagedPolicy(arn);
    if (found === undefined) throw new Error(`there is no policy ${arn}`);
    return found.policy;
  }

  #remember(id: string, policy: Policy): void {
    this.#policies.set(id, policy);
    this.#characters += id.length;
    for (const oldest of this.#policies.keys()) {
      if (this.#characters <= this.#charactersMax || oldest === id) break;
      this.#policies.delete(oldest);
      this.#characters -= oldest.length;
    }
  }
}
