import { describeForIam } from "../../../auth/policy/describe-failure.ts";
import { compileKeyPolicy } from "../../../keyring/access.ts";
import { keyringLimits } from "../../../keyring/limits.ts";
import type { HeldKmsKey } from "../../../metadata/keyring/keys.ts";
import type { KmsCall } from "./call.ts";
import { kmsError } from "./errors.ts";

/**
 * Checks a key policy before it is stored: its text, and, unless that is waived, that whoever sets it may set it again. Throws
 * LimitExceededException and MalformedPolicyDocumentException.
 */
export function checkKeyPolicy(call: KmsCall, after: HeldKmsKey, { mayLockOut }: { mayLockOut: boolean }): void {
  const { key } = after;
  const { policyBytes } = keyringLimits;
  if (new TextEncoder().encode(key.policy).length > policyBytes) {
    throw kmsError("LimitExceededException", `A key policy may have ${policyBytes} bytes at the most.`);
  }
  const compiled = compileKeyPolicy(key.policy, call.keyring.arnOf(key));
  if (!compiled.ok) {
    throw kmsError("MalformedPolicyDocumentException", describeForIam(compiled.failure, "resource").message);
  }
  if (mayLockOut || maySetAgain(call, after)) return;
  throw kmsError(
    "MalformedPolicyDocumentException",
    "The new key policy will not allow you to update the key policy in the future.",
  );
}

function maySetAgain({ caller, keyring }: KmsCall, after: HeldKmsKey): boolean {
  const use = { action: "kms:PutKeyPolicy", region: keyring.region };
  return caller.decide(keyring.access.ask(after, caller.principal, use)).allowed;
}
