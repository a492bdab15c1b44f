import type { AwsClient } from "../../aws/client.ts";

interface Sum {
  count: number;
  bytes: number;
}

/** What one rule would do by one of its actions. */
export interface PreviewRow {
  rule: string;
  action: string;
  storageClass?: string;
  today: Sum;
  within30Days: Sum;
  examples: { key: string }[];
}

export interface Preview {
  looked: number;
  locked: number;
  rules: PreviewRow[];
  next: string | null;
}

/** Calls of about ten seconds each; what a larger bucket holds beyond that is not looked at. */
const CALLS_MAX = 20;

/** What the configuration would do to the bucket. Nothing is changed. `next` is null if all was looked at. */
export async function previewLifecycle(client: AwsClient, bucket: string, configuration: string): Promise<Preview> {
  let whole: Preview = { looked: 0, locked: 0, rules: [], next: null };
  for (let call = 0; call < CALLS_MAX; call++) {
    const query = { from: whole.next ?? undefined };
    const path = `/-/lifecycle-preview/${bucket}`;
    whole = addPreviews(whole, await client.own<Preview>({ method: "POST", path, query, body: configuration }));
    if (whole.next === null) break;
  }
  return whole;
}

/** Each call counts only what the ones before have not. */
export function addPreviews(before: Preview, after: Preview): Preview {
  const rows = new Map(before.rules.map((row) => [nameOf(row), row]));
  for (const row of after.rules) {
    const known = rows.get(nameOf(row));
    rows.set(nameOf(row), known === undefined ? row : addRows(known, row));
  }
  return {
    looked: before.looked + after.looked,
    locked: before.locked + after.locked,
    rules: [...rows.values()],
    next: after.next,
  };
}

function addRows(a: PreviewRow, b: PreviewRow): PreviewRow {
  const examples = [...a.examples, ...b.examples];
  return { ...a, today: addSums(a.today, b.today), within30Days: addSums(a.within30Days, b.within30Days), examples };
}

function addSums(a: Sum, b: Sum): Sum {
  return { count: a.count + b.count, bytes: a.bytes + b.bytes };
}

export function nameOf({ rule, action, storageClass = "" }: PreviewRow): string {
  return `${rule}\n${action}\n${storageClass}`;
}
