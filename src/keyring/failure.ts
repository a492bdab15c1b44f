/** What an operation of the keyring can meet, as data. No member holds key material or plain text. */
export type KeyringFailure =
  /** There is no such key or alias. `message`: AWS's sentence. */
  | { readonly kind: "not-found"; readonly message: string }
  | { readonly kind: "disabled"; readonly keyArn: string }
  | { readonly kind: "pending-deletion"; readonly keyArn: string }
  /** The ciphertext was altered, is of another server, or was made with another encryption context. */
  | { readonly kind: "invalid-ciphertext" }
  /** No configured root secret opens the key's material, or the place where the key is held is not configured any more. */
  | { readonly kind: "unreadable"; readonly keyArn: string; readonly reason: string }
  /** The KMS that holds the key did not answer in time, or not as expected. */
  | { readonly kind: "unreachable"; readonly keyArn: string; readonly reason: string }
  /** The KMS that holds the key refused. */
  | { readonly kind: "refused"; readonly keyArn: string; readonly reason: string };

export class KeyringError extends Error {
  readonly failure: KeyringFailure;

  constructor(failure: KeyringFailure, options?: ErrorOptions) {
    super(describeFailure(failure), options);
    this.name = "KeyringError";
    this.failure = failure;
  }
}

/** In AWS's words where it has some. */
export function describeFailure(failure: KeyringFailure): string {
  switch (failure.kind) {
    case "not-found":
      return failure.message;
    case "disabled":
      return `${failure.keyArn} is disabled.`;
    case "pending-deletion":
      return `${failure.keyArn} is pending deletion.`;
    case "invalid-ciphertext":
      return "The ciphertext cannot be opened with this key and encryption context.";
    case "unreadable":
    case "unreachable":
    case "refused":
      return `${failure.keyArn} cannot be used: ${failure.reason}.`;
  }
}
