/** As much of CodeMirror's completion context as is needed. */
interface Context {
  explicit: boolean;
  matchBefore(pattern: RegExp): { from: number; text: string } | null;
}

/** The words that go on as what was typed in quotes begins. */
export function completeWord(context: Context, words: readonly string[]) {
  const typed = context.matchBefore(/"[\w:*/.-]*/);
  if (typed === null || (typed.text.length < 2 && !context.explicit)) return null;
  return { from: typed.from + 1, options: words.map((label) => ({ label })), validFor: /^[\w:*/.-]*$/ };
}
