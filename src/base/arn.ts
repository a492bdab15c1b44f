/** The six parts of an Amazon Resource Name. `resource` is everything after the fifth colon. */
export interface Arn {
  readonly partition: string;
  readonly service: string;
  /** "" where the service's names have no region. */
  readonly region: string;
  /** "" where the service's names have no account. */
  readonly accountId: string;
  readonly resource: string;
}

/**
 * Splits an ARN at its first five colons. Returns null if there are fewer, or if the text does not begin with `arn:`.
 * The parts are not checked: any of them may be empty or hold wildcards.
 *
 * Follows "Identify AWS resources with Amazon Resource Names (ARNs)" in the IAM User Guide.
 */
export function parseArn(text: string): Arn | null {
  if (!text.startsWith("arn:")) return null;
  const parts: string[] = [];
  let start = 4;
  for (let count = 0; count < 4; count++) {
    const colon = text.indexOf(":", start);
    if (colon < 0) return null;
    parts.push(text.slice(start, colon));
    start = colon + 1;
  }
  const [partition, service, region, accountId] = parts as [string, string, string, string];
  return { partition, service, region, accountId, resource: text.slice(start) };
}

/** The ARN as text. */
export function formatArn({ partition, service, region, accountId, resource }: Arn): string {
  return `arn:${partition}:${service}:${region}:${accountId}:${resource}`;
}
