import { S3Error } from "../errors/error.ts";
import type { FormField, FormFields } from "./form-fields.ts";
import type { SizeRange } from "./form-file.ts";
import type { PolicyDocument } from "./policy-document.ts";

export const ANY_SIZE: SizeRange = { minBytes: 0, maxBytes: Number.MAX_SAFE_INTEGER };

/**
 * Fields that no condition has to name: those of the signature, those that the form keeps for
 * itself, and checksums, which can only make the upload stricter.
 */
const FREE =
  /^(policy|file|x-amz-signature|signature|awsaccesskeyid|x-ignore-.*|content-md5|x-amz-checksum-.*|x-amz-sdk-checksum-algorithm)$/;

/**
 * Checks a form, its variables expanded, against its policy: not expired, each condition met, each
 * field named by one. Returns the limits of the file's size, which is known later. Throws
 * AccessDenied in S3's words.
 */
export function checkPolicy(
  { expiresAtMs, conditions }: PolicyDocument,
  { fields, bucket, nowMs }: { fields: FormFields; bucket: string; nowMs: number },
): SizeRange {
  if (nowMs >= expiresAtMs) throw denied("Policy expired.");
  const named = new Set<string>();
  let range = ANY_SIZE;
  for (const condition of conditions) {
    if (condition.kind === "content-length-range") {
      if (condition.range === null) throw denied(`Policy Condition failed: ${condition.text}`);
      range = overlap(range, condition.range);
      continue;
    }
    const { kind, field, value, text } = condition;
    // The target bucket counts, not a field of that name.
    const found = field === "bucket" ? bucket : (fields.get(field)?.value ?? "");
    const holds = field !== "" && (kind === "eq" ? found === value : startsWith(field, found, value));
    if (!holds) throw denied(`Policy Condition failed: ${text}`);
    named.add(field);
  }
  refuseOthers(fields, named);
  return range;
}

/** A content type may be a list; each of its members must match. */
function startsWith(field: string, value: string, prefix: string): boolean {
  if (field !== "content-type") return value.startsWith(prefix);
  return value.split(",").every((member) => member.trim().startsWith(prefix));
}

function overlap(a: SizeRange, b: SizeRange): SizeRange {
  return { minBytes: Math.max(a.minBytes, b.minBytes), maxBytes: Math.min(a.maxBytes, b.maxBytes) };
}

function refuseOthers(fields: FormFields, named: ReadonlySet<string>): void {
  const others: FormField[] = [];
  for (const [name, field] of fields) if (!named.has(name) && !FREE.test(name)) others.push(field);
  if (others.length > 0) throw denied(`Extra input fields: ${others.map(({ name }) => name).join(", ")}`);
}

function denied(problem: string): S3Error {
  return new S3Error("AccessDenied", `Invalid according to Policy: ${problem}`);
}
