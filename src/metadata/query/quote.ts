/** A text literal. The caller has made sure that it holds no U+0000. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * A name in backticks. In double quotes SQLite would take a name that it does not know for a text, and a misspelt column would be
 * a constant.
 */
export function quoteName(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}
