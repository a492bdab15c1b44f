import type { PolicyFailure } from "./failure.ts";

/** Ends the parsing of a policy from wherever the failure is found. Never leaves `parsePolicy`. */
export class Refused {
  readonly failure: PolicyFailure;
  constructor(failure: PolicyFailure) {
    this.failure = failure;
  }
}

const quotedMax = 256;

/** A value of a policy as it may stand in a failure. */
export function quoted(text: string): string {
  return text.length <= quotedMax ? text : `${text.slice(0, quotedMax)}…`;
}
