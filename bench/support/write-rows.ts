import { writeFile } from "node:fs/promises";

/** Writes what every benchmark writes for `--json FILE`: `{"rows": [{…}]}`, one flat object a figure. */
export async function writeRows<Row extends { [Name in keyof Row]: string | number | boolean | null }>(
  file: string,
  rows: readonly Row[],
): Promise<void> {
  await writeFile(file, `${JSON.stringify({ rows }, null, 1)}\n`);
}
