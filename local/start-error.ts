/** Why the server cannot start, in one line for the person at the terminal. The launcher prints it and exits with 1. */
export class StartError extends Error {
  override readonly name = "StartError";
}

/** The code of a Node system error ("EACCES"), or undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
