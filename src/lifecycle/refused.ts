import type { LifecycleFilter } from "./configuration.ts";

/** A configuration that S3 does not take, in S3's codes and words. */
export class LifecycleRefused extends Error {
  override readonly name = "LifecycleRefused";
  readonly code: "MalformedXML" | "InvalidArgument" | "InvalidRequest";
  readonly argument: { readonly name: string; readonly value: string } | null;

  constructor(
    code: LifecycleRefused["code"],
    message = "The XML you provided was not well-formed or did not validate against our published schema",
    argument: LifecycleRefused["argument"] = null,
  ) {
    super(message);
    this.code = code;
    this.argument = argument;
  }
}

export function malformed(): LifecycleRefused {
  return new LifecycleRefused("MalformedXML");
}

export function invalidRequest(message: string): LifecycleRefused {
  return new LifecycleRefused("InvalidRequest", message);
}

export function invalidArgument(message: string, name: string, value: string | number): LifecycleRefused {
  return new LifecycleRefused("InvalidArgument", message, { name, value: String(value).slice(0, 255) });
}

/** What a rule is about, as S3's messages say it: `filter '(prefix=logs/)'`, or `prefix 'logs/'` in the old form. */
export function described({ form, prefix = "" }: LifecycleFilter): string {
  return form === "prefix" ? `prefix '${prefix}'` : `filter '(prefix=${prefix})'`;
}
