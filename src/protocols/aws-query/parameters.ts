/** Parameters that one request may have. */
const PARAMETERS_MAX = 5_000;
/** Deeper than any operation's input. */
const DEPTH_MAX = 8;
/** List items are numbered from 1; a larger number can only be a mistake. */
const INDEX_MAX = 5_000;

/** One parameter, or what several have in common: `Tags` of `Tags.member.1.Key` and `Tags.member.2.Key`. */
export class QueryNode {
  value: string | undefined;
  readonly #children = new Map<string, QueryNode>();

  child(name: string): QueryNode | undefined {
    return this.#children.get(name);
  }

  grow(name: string): QueryNode {
    const known = this.#children.get(name);
    if (known) return known;
    const grown = new QueryNode();
    this.#children.set(name, grown);
    return grown;
  }

  /**
   * The items of a list by their numbers: of `Name.member.N`, or flattened as `Name.N`. Gaps are closed, as AWS does. `Name=` alone
   * is how botocore sends an empty list.
   */
  items(): QueryNode[] {
    const source = this.#children.get("member") ?? this;
    const numbered: [number, QueryNode][] = [];
    for (const [name, node] of source.#children) {
      if (/^[1-9]\d{0,3}$/.test(name) && Number(name) <= INDEX_MAX) numbered.push([Number(name), node]);
    }
    return numbered.sort(([a], [b]) => a - b).map(([, node]) => node);
  }
}

export type ParsedParameters =
  | { readonly ok: true; readonly root: QueryNode }
  | {
      readonly ok: false;
      readonly problem: "not utf-8" | "too many parameters" | "nested too deeply" | "repeated parameter";
    };

/**
 * Reads a form or query string (application/x-www-form-urlencoded) into a tree. Time and memory are linear in the text, whose
 * length the caller bounds. Names that no operation knows cost nothing more and are ignored, as at AWS.
 *
 * Follows "Query protocol" of the Smithy specification (awsQuery).
 */
export function parseParameters(form: Uint8Array | string): ParsedParameters {
  let text: string;
  try {
    text = typeof form === "string" ? form : new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(form);
  } catch {
    return { ok: false, problem: "not utf-8" };
  }
  let ampersands = 0;
  for (let at = text.indexOf("&"); at >= 0; at = text.indexOf("&", at + 1)) ampersands++;
  if (ampersands >= PARAMETERS_MAX) return { ok: false, problem: "too many parameters" };
  const root = new QueryNode();
  for (const [name, value] of new URLSearchParams(text)) {
    const parts = name.split(".", DEPTH_MAX + 1);
    if (parts.length > DEPTH_MAX) return { ok: false, problem: "nested too deeply" };
    const node = parts.reduce((above, part) => above.grow(part), root);
    if (node.value !== undefined) return { ok: false, problem: "repeated parameter" };
    node.value = value;
  }
  return { ok: true, root };
}
