/**
 * One piece of a wildcard pattern between two stars. `anyAt` are the places of its question marks, null if it has none;
 * the text at those places is arbitrary.
 */
interface Piece {
  readonly text: string;
  readonly anyAt: ReadonlySet<number> | null;
}

/** What a pattern is made of: literal text, `*` (any characters, also none) and `?` (one character). */
export type WildcardToken = { readonly literal: string } | "*" | "?";

/**
 * A pattern of literals, `*` and `?`, compiled.
 *
 * Matching takes at most (length of the text) × (length of the longest piece between two stars) steps: the first and last piece
 * are anchored, each other one is searched for from where the one before it ended, and is never looked for again. Nothing
 * backtracks. Characters are UTF-16 units.
 */
export class Wildcard {
  private readonly pieces: readonly Piece[];

  constructor(tokens: readonly WildcardToken[]) {
    this.pieces = toPieces(tokens);
  }

  matches(text: string): boolean {
    const { pieces } = this;
    const first = pieces[0] as Piece;
    if (!fitsAt(first, text, 0)) return false;
    if (pieces.length === 1) return text.length === first.text.length;
    const last = pieces[pieces.length - 1] as Piece;
    const lastAt = text.length - last.text.length;
    let at = first.text.length;
    for (let index = 1; index < pieces.length - 1; index++) {
      const piece = pieces[index] as Piece;
      const found = find(piece, text, at);
      if (found < 0) return false;
      at = found + piece.text.length;
    }
    return lastAt >= at && fitsAt(last, text, lastAt);
  }
}

/** Splits a text into tokens; `*` and `?` are wildcards everywhere. */
export function wildcardTokens(text: string): WildcardToken[] {
  const tokens: WildcardToken[] = [];
  for (const part of text.split(/([*?])/)) {
    if (part === "*" || part === "?") tokens.push(part);
    else if (part !== "") tokens.push({ literal: part });
  }
  return tokens;
}

function toPieces(tokens: readonly WildcardToken[]): Piece[] {
  const pieces: Piece[] = [];
  let text = "";
  let anyAt: Set<number> | null = null;
  const close = () => {
    pieces.push({ text, anyAt });
    text = "";
    anyAt = null;
  };
  for (const token of tokens) {
    if (token === "*") close();
    else if (token === "?") {
      anyAt ??= new Set();
      anyAt.add(text.length);
      text += "?";
    } else text += token.literal;
  }
  close();
  return pieces;
}

function fitsAt({ text: piece, anyAt }: Piece, text: string, at: number): boolean {
  if (at < 0 || at + piece.length > text.length) return false;
  if (anyAt === null) return text.startsWith(piece, at);
  for (let index = 0; index < piece.length; index++) {
    if (piece.charCodeAt(index) !== text.charCodeAt(at + index) && !anyAt.has(index)) return false;
  }
  return true;
}

function find(piece: Piece, text: string, from: number): number {
  if (piece.anyAt === null) return text.indexOf(piece.text, from);
  for (let at = from; at + piece.text.length <= text.length; at++) if (fitsAt(piece, text, at)) return at;
  return -1;
}
