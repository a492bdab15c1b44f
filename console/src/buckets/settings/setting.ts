import { queries } from "../../session/session.ts";

/** Where the answer about a part of the bucket's settings is kept. */
export function settingKey(bucket: string, part: string): readonly unknown[] {
  return ["bucket", bucket, part];
}

/** Reads again what is shown of the bucket. */
export async function readAgain(bucket: string): Promise<void> {
  await queries.invalidateQueries({ queryKey: ["bucket", bucket] });
}
