export interface DiffLine {
  id: number;
  kind: "same" | "added" | "removed";
  text: string;
}

/** Cells of the table that the longest common subsequence takes. */
const CELLS_MAX = 4_000_000;

/**
 * The lines of two texts, with what was removed and added: a longest common subsequence, after equal lines at both ends are set apart. Null if
 * what differs is too long for that.
 */
export function diffLines(before: string, after: string): DiffLine[] | null {
  const a = before.split("\n");
  const b = after.split("\n");
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const middle = commonLines(a.slice(start, a.length - end), b.slice(start, b.length - end));
  if (middle === null) return null;
  const same = (lines: string[]) => lines.map((text) => ({ kind: "same" as const, text }));
  const all = [...same(a.slice(0, start)), ...middle, ...same(end === 0 ? [] : a.slice(-end))];
  return all.map((line, id) => ({ ...line, id }));
}

function commonLines(a: string[], b: string[]): Omit<DiffLine, "id">[] | null {
  const width = b.length + 1;
  if ((a.length + 1) * width > CELLS_MAX) return null;
  // Length of the longest common subsequence of what is left of both.
  const lengths = new Uint32Array((a.length + 1) * width);
  const at = (row: number, column: number) => lengths[row * width + column] ?? 0;
  for (let row = a.length - 1; row >= 0; row--) {
    for (let column = b.length - 1; column >= 0; column--) {
      const longer = Math.max(at(row + 1, column), at(row, column + 1));
      lengths[row * width + column] = a[row] === b[column] ? at(row + 1, column + 1) + 1 : longer;
    }
  }
  const lines: Omit<DiffLine, "id">[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ kind: "same", text: a[i++] ?? "" });
      j++;
    } else if (j >= b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1)))
      lines.push({ kind: "removed", text: a[i++] ?? "" });
    else lines.push({ kind: "added", text: b[j++] ?? "" });
  }
  return lines;
}
