/**
 * Encrypts secrets that lie in D1 or that clients hold: AES-256-GCM under keys that are derived (HKDF-SHA-256) from the
 * deployment's root secret, one for each purpose.
 */
export interface Sealer {
  /**
   * `context` is what the secret belongs to (an access key id): it is authenticated, so that a sealed secret cannot be moved to
   * another row. The result is printable ASCII.
   */
  seal(purpose: SealingPurpose, context: string, plain: string): string;
  /** The secret, or null if it was sealed by another server or for something else, or altered. Takes the previous root secret too. */
  open(purpose: SealingPurpose, context: string, sealed: string): string | null;
  /** False if it was sealed under the previous root secret. */
  isCurrent(sealed: string): boolean;
}

export type SealingPurpose = "access-key" | "session";
