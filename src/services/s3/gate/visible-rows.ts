import type { Caller } from "../../../auth/access.ts";
import type { Statement } from "../../../auth/policy/statement.ts";
import { Wildcard, wildcardTokens } from "../../../auth/policy/wildcard.ts";
import { compareKeys, type KeyRange, prefixRange, unite } from "../../../base/key-range.ts";
import type { VisibleBucket, VisibleColumns } from "../../../metadata/query/visible.ts";
import type { Bucket } from "../../../store/types.ts";
import { RequestGate } from "./gate.ts";
import { settingsOf } from "./settings.ts";

/** Parts of a request that policies may use. */
export interface AskingRequest {
  readonly headers: Headers;
  readonly tlsVersion: string | null;
  readonly nowMs: number;
}

/** Prefixes that are tried in one bucket for one action. */
const CANDIDATES_MAX = 50;
/**
 * Limit of comparisons of a prefix or part with a policy's patterns, for all buckets of one
 * request: callers write the policies.
 */
const COMPARISONS_MAX = 500_000;
/** Comparisons so far, by request. */
const spent = new WeakMap<AskingRequest, number>();

/**
 * The part of a bucket that a caller may see, as ranges of keys.
 *
 * Rows: a prefix counts if a listing with just that prefix would be allowed, by the listing's own
 * decision. The prefixes come from the policies' own conditions on s3:prefix; a prefix that is not
 * tried shows nothing.
 *
 * Columns beyond a listing: keys are divided by the resources in statements, so that in each part
 * every statement covers all keys or none. One decision then holds for the whole part. If a pattern
 * covers some keys of a part, or the decision depends on an object's tags, the columns are not
 * shown.
 *
 * The work is limited per `request`, for all of its buckets: beyond `COMPARISONS_MAX` no prefixes
 * and parts are tried, and less is shown.
 */
export function visibleBucket(caller: Caller, request: AskingRequest, bucket: Bucket): VisibleBucket {
  const sight = new Sight(caller, request, bucket);
  const { id, name, region, createdMs, owner, ownerAccount } = bucket;
  return {
    ...{ id, name, region, createdMs, owner, ownerAccount },
    objects: sight.listed("s3:ListBucket"),
    versions: sight.listed("s3:ListBucketVersions"),
    uploads: sight.listed("s3:ListBucketMultipartUploads"),
    parts: sight.keys(["s3:ListMultipartUploadParts"]),
    current: sight.columns(""),
    anyVersion: sight.columns("Version"),
    ...aclsOf(caller, bucket),
  };
}

/** ListParts in another account's bucket with ACLs is only for initiators of the upload. */
function aclsOf({ principal }: Caller, bucket: Bucket): Pick<VisibleBucket, "ownersOnly" | "partsOf"> {
  const ownersOnly = settingsOf(bucket).hasAcls;
  const id = "canonicalId" in principal ? principal.canonicalId : "";
  return { ownersOnly, partsOf: ownersOnly && id !== bucket.owner ? id : null };
}

class Sight {
  readonly #caller: Caller;
  readonly #request: AskingRequest;
  readonly #bucket: Bucket;
  readonly #patterns = new Map<string, ResourceText>();

  constructor(caller: Caller, request: AskingRequest, bucket: Bucket) {
    this.#caller = caller;
    this.#request = request;
    this.#bucket = bucket;
  }

  /** Keys that listings by this action would show. */
  listed(action: string): KeyRange[] {
    const candidates = new Set<string | null>([null, ""]);
    const statements = this.#statements(action);
    for (const { conditions } of statements) {
      for (const { key, values } of conditions) {
        if (key.toLowerCase() === "s3:prefix") for (const value of values) candidates.add(this.#beforeWildcard(value));
      }
    }
    const ranges: KeyRange[] = [];
    const tried = [...candidates].slice(0, CANDIDATES_MAX);
    const isTried = this.#spend(tried.length, statements);
    for (const prefix of isTried ? tried : [null, ""]) {
      const gate = this.#gate(prefix === null ? {} : { prefix });
      const ask = { action, subject: "bucket" as const, bucket: this.#bucket.name, key: "" };
      if (gate.allowsAsk(ask, this.#bucket)) ranges.push(prefixRange(prefix ?? ""));
    }
    return unite(ranges);
  }

  /** `kind`: "Version" for the actions that name a version. */
  columns(kind: "" | "Version"): VisibleColumns {
    return {
      content: this.keys([`s3:GetObject${kind}`]),
      tags: this.keys([`s3:GetObject${kind}Tagging`]),
      lock: this.keys(["s3:GetObjectRetention", "s3:GetObjectLegalHold"]),
    };
  }

  /** Keys for which all of the actions are allowed. */
  keys(actions: readonly string[]): KeyRange[] {
    const statements = actions.flatMap((action) => this.#statements(action));
    const head = `${this.#bucket.name}/`;
    const patterns = new Set(
      statements.flatMap(({ resources }) => resources?.patterns.map(({ source }) => this.#pattern(source)) ?? []),
    );
    const prefixes = [...patterns].flatMap(({ literal }) =>
      literal.startsWith(head) ? [literal.slice(head.length)] : [],
    );
    const parts = [...new Set(["", ...prefixes])];
    if (parts.length > CANDIDATES_MAX || !this.#spend(parts.length, statements)) return [];
    parts.sort(compareKeys);
    const allowed: KeyRange[] = [];
    for (const [at, part] of parts.entries()) {
      const longer = longerParts(parts, at);
      const isKnown = statements.every((statement) => this.#isKnown(statement, head + part));
      const key = isKnown ? representative(part, longer) : null;
      if (key === null || !actions.every((action) => this.#allows(action, key))) continue;
      allowed.push(...without(prefixRange(part), longer.map(prefixRange)));
    }
    return unite(allowed);
  }

  /** Whether this many prefixes or parts may be compared with all patterns of the statements. */
  #spend(count: number, statements: readonly Statement[]): boolean {
    const named = statements.reduce(
      (sum, { resources, conditions }) =>
        sum + (resources?.patterns.length ?? 0) + conditions.reduce((all, { values }) => all + values.length, 1),
      0,
    );
    const before = spent.get(this.#request) ?? 0;
    const after = before + count * named;
    if (after > COMPARISONS_MAX) return false;
    spent.set(this.#request, after);
    return true;
  }

  #allows(action: string, key: string): boolean {
    const ask = { action, subject: "object" as const, bucket: this.#bucket.name, key };
    return this.#gate({}).allowsEvery(ask, this.#bucket);
  }

  /**
   * Whether the statement's resources cover all keys with this prefix (outside longer parts), or
   * none.
   */
  #isKnown({ resources, conditions }: Statement, text: string): boolean {
    // Each version has another one.
    if (conditions.some(({ key }) => key.toLowerCase() === "s3:versionid")) return false;
    if (resources === null) return true;
    const covers = resources.patterns.map(({ source }) => coverage(this.#pattern(source), text));
    return covers.includes("all") || !covers.includes("some");
  }

  #statements(action: string): readonly Statement[] {
    const { policy } = settingsOf(this.#bucket);
    return [...this.#caller.statements(action), ...(policy?.statementsFor(action.toLowerCase()) ?? [])];
  }

  #gate(query: Record<string, string>): RequestGate {
    const { headers, tlsVersion, nowMs } = this.#request;
    const about = { bucket: this.#bucket.name, key: "", query: new URLSearchParams(query), headers, isForm: false };
    return new RequestGate({ caller: this.#caller, asks: [], request: { ...about, tlsVersion, nowMs, body: {} } });
  }

  #beforeWildcard(value: string): string {
    return (this.#withVariables(value) ?? value).replace(/[*?].*$|\$\{.*$/s, "");
  }

  /** A resource's pattern after `arn:aws:s3:::`, with its variables replaced. */
  #pattern(source: string): ResourceText {
    const known = this.#patterns.get(source) ?? this.#readPattern(source);
    this.#patterns.set(source, known);
    return known;
  }

  #readPattern(source: string): ResourceText {
    if (source === "*") return { literal: "", text: "*" };
    const tail = source.startsWith("arn:aws:s3:::") ? this.#withVariables(source.slice("arn:aws:s3:::".length)) : null;
    if (tail === null) return { literal: "", text: null };
    return { literal: tail.replace(/[*?].*$/s, ""), text: tail };
  }

  /** Null: the variable's value is unknown here, or would be taken for a wildcard. */
  #withVariables(text: string): string | null {
    const { principal } = this.#caller;
    const name = principal.kind === "user" ? principal.name : null;
    const known = name === null || /[*?]/.test(name) ? text : text.replaceAll(/\$\{aws:username\}/gi, () => name);
    return known.includes("${") ? null : known;
  }
}

interface ResourceText {
  /** Before the first wildcard. */
  readonly literal: string;
  /** Null: unknown coverage. */
  readonly text: string | null;
}

/**
 * How much of the texts that begin with `begin` a pattern covers. If the pattern's own literal is
 * longer, texts that begin with it are left out.
 */
function coverage({ literal, text }: ResourceText, begin: string): "all" | "some" | "none" {
  if (text === null) return "some";
  if (literal !== begin && literal.startsWith(begin)) return "none";
  if (!begin.startsWith(literal)) return "none";
  if (literal === text) return literal === begin ? "some" : "none";
  return text.endsWith("*") && new Wildcard(wildcardTokens(text)).matches(begin) ? "all" : "some";
}

/** Those after the part that begin with it: in order they are together. */
function longerParts(parts: readonly string[], at: number): string[] {
  const part = parts[at] as string;
  let end = at + 1;
  while (end < parts.length && parts[end]?.startsWith(part)) end++;
  return parts.slice(at + 1, end);
}

/** A key that begins with `part` and with none of the longer parts; null: none was found. */
function representative(part: string, longer: readonly string[]): string | null {
  const endings = ["", "~", "\u007f", "\u{fffd}", "\u{10fffd}", "0", "a", "-"];
  const keys = endings.map((ending) => part + ending).filter((key) => key !== "");
  return keys.find((key) => !longer.some((other) => key.startsWith(other))) ?? null;
}

/** `range` without `holes`, which are inside of it. */
function without(range: KeyRange, holes: readonly KeyRange[]): KeyRange[] {
  const rest: KeyRange[] = [];
  let lo: string | null = range.lo;
  for (const hole of unite(holes)) {
    if (lo === null) break;
    rest.push({ lo, hi: hole.lo });
    lo = hole.hi;
  }
  return lo === null ? rest : [...rest, { lo, hi: range.hi }];
}
