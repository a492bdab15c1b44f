import { kmsError } from "./errors.ts";

const FORM = /^sherd-grant-([0-9a-f]{64})$/;

/** What CreateGrant returns beside the grant's id. A grant counts from the answer on, so nobody needs its token. */
export function grantTokenOf(grantId: string): string {
  return `sherd-grant-${grantId}`;
}

/** The grant that a token is of. Throws InvalidGrantTokenException. */
export function grantIdOf(token: string): string {
  const id = FORM.exec(token)?.[1];
  if (id === undefined) throw kmsError("InvalidGrantTokenException", "A grant token is not valid.");
  return id;
}

/** Throws InvalidGrantTokenException unless all are tokens of grants; what their grants let do counts without them. */
export function requireGrantTokens(tokens: readonly string[] | undefined): void {
  for (const token of tokens ?? []) grantIdOf(token);
}
