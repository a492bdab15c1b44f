import { type Arn, formatArn, parseArn } from "../../base/arn.ts";
import { compilePattern, type Pattern, type VariableLookup } from "./pattern.ts";

/** The ARN of what a request concerns, split once for all statements. */
export interface RequestResource {
  readonly text: string;
  /** Null for `*`, and for anything else that is no ARN. */
  readonly arn: Arn | null;
}

export function requestResource(text: string): RequestResource {
  return { text, arn: parseArn(text) };
}

/** One entry of Resource or NotResource. */
export interface ResourcePattern {
  readonly source: string;
  readonly variables: Pattern["variables"];
  matches(resource: RequestResource, lookup: VariableLookup): boolean;
}

/**
 * Compiles `*` or an ARN. The six parts are compared one by one, so a star reaches over no colon before the fifth; variables count
 * behind it only. Parts that are missing at the end are `*`. Returns null if a variable is malformed.
 *
 * Follows "IAM JSON policy elements: Resource" in the IAM User Guide.
 */
export function compileResource(source: string, rules: { readonly variables: boolean }): ResourcePattern | null {
  if (source === "*") return new EveryResource();
  const arn = completeArn(source);
  const tail = compilePattern(arn.resource, { wildcards: true, variables: rules.variables });
  if (tail === null) return null;
  const head = formatArn({ ...arn, resource: "" });
  return /[*?]/.test(head) ? new WildcardHead(source, arn, tail) : new FixedHead(source, head, tail);
}

class EveryResource implements ResourcePattern {
  readonly source = "*";
  readonly variables = [];

  matches(): boolean {
    return true;
  }
}

/** No wildcard before the fifth colon: the head is compared as one text. */
class FixedHead implements ResourcePattern {
  readonly source: string;
  private readonly head: string;
  private readonly tail: Pattern;

  constructor(source: string, head: string, tail: Pattern) {
    this.source = source;
    this.head = head;
    this.tail = tail;
  }

  get variables(): Pattern["variables"] {
    return this.tail.variables;
  }

  matches({ text, arn }: RequestResource, lookup: VariableLookup): boolean {
    return arn !== null && text.startsWith(this.head) && this.tail.matches(arn.resource, lookup);
  }
}

class WildcardHead implements ResourcePattern {
  readonly source: string;
  private readonly parts: readonly [partition: Pattern, service: Pattern, region: Pattern, account: Pattern];
  private readonly tail: Pattern;

  constructor(source: string, { partition, service, region, accountId }: Arn, tail: Pattern) {
    const part = (text: string) => compilePattern(text, { wildcards: true, variables: false }) as Pattern;
    this.source = source;
    this.parts = [part(partition), part(service), part(region), part(accountId)];
    this.tail = tail;
  }

  get variables(): Pattern["variables"] {
    return this.tail.variables;
  }

  matches({ arn }: RequestResource, lookup: VariableLookup): boolean {
    const [partition, service, region, account] = this.parts;
    return (
      arn !== null &&
      service.matches(arn.service, lookup) &&
      this.tail.matches(arn.resource, lookup) &&
      account.matches(arn.accountId, lookup) &&
      region.matches(arn.region, lookup) &&
      partition.matches(arn.partition, lookup)
    );
  }
}

/** The parts of an ARN in a policy; those that are missing at the end are `*`. `source` begins with `arn:`. */
export function completeArn(source: string): Arn {
  const missing = 5 - (source.match(/:/g)?.length ?? 0);
  return parseArn(missing > 0 ? source + ":*".repeat(missing) : source) as Arn;
}
