import { writeFile } from "node:fs/promises";

/**
 * Writes the file of `--json FILE` of every benchmark: `{"rows": [{…}]}`, one flat object per
 * figure.
 */
export async function writeRows<Row extends { [Name in keyof Row]: string | number | boolean | null }>(
  file: string,
  rows: readonly Row[],
): Promise<void> {
  await writeFile(file, `${JSON.stringify({ rows }, null, 1)}\n`);
}
