/**
 * Sizes of policies. IAM counts characters without white space (`countedCharacters`), and inline policies as a sum over the user,
 * group or role; S3 counts bytes as sent.
 *
 * Follows "IAM and AWS STS quotas" in the IAM User Guide and "Bucket policies" in the S3 User Guide.
 */
export const policyLimits = {
  managedCharacters: 6_144,
  userInlineCharacters: 2_048,
  groupInlineCharacters: 5_120,
  roleInlineCharacters: 10_240,
  trustCharacters: 2_048,
  /** Of the inline session policy, white space included. */
  sessionCharacters: 2_048,
  bucketBytes: 20_480,
  /** What `parsePolicy` reads of any kind: IAM's own bound on the parameter PolicyDocument. */
  textCharacters: 131_072,
} as const;

/** Characters of a policy without white space, as IAM counts them for its quotas. */
export function countedCharacters(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) count++;
  }
  return count;
}
