/** The value of a condition key: one text, or the list of a key that may have several. */
export type ContextValue = string | readonly string[];

/**
 * Looks up a condition key by its name in lower case (`aws:sourceip`, `s3:existingobjecttag/project`), or returns
 * undefined if the request does not have it. Called for the keys that a policy names, at most once per condition.
 *
 * Booleans are "true" and "false", numbers decimal, dates ISO 8601 or seconds since 1970. The keys that follow from the
 * principal or from `now` (`aws:PrincipalArn`, `aws:username`, `aws:CurrentTime` …) are the engine's own; `facts.ts`
 * has the list. The lookup is asked for all others.
 */
export type ContextLookup = (key: string) => ContextValue | undefined;
