import { isTrustedUrl } from "../../../base/trusted-url.ts";
import { list, text } from "../../../protocols/aws-query/fields.ts";
import { invalidInput } from "../model/errors.ts";
import { quotas } from "../model/quotas.ts";

export const clientId = text({ min: 1, max: 255 });
export const clientIds = list(clientId, { max: quotas.clientIdsPerProvider });
export const thumbprints = list(text({ min: 40, max: 40 }), { max: quotas.thumbprintsPerProvider });

/**
 * The issuer without its scheme, as ARNs have it. HTTPS alone, without query and fragment. Plain HTTP is taken for a loopback address,
 * which only a server on the same machine can mean.
 */
export function issuerOf(url: string): string {
  const match = /^(https?):\/\/([^?#\s]+)$/i.exec(url);
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (match === null || parsed === null || parsed.username !== "" || parsed.password !== "") throw malformed();
  if (!isTrustedUrl(url)) throw malformed();
  return match[2] as string;
}

function malformed() {
  return invalidInput("Invalid Open ID Connect Provider URL");
}

export function checkThumbprints(given: readonly string[]): string[] {
  if (given.some((thumbprint) => !/^[0-9a-fA-F]{40}$/.test(thumbprint))) throw invalidInput("Invalid thumbprint.");
  return given.map((thumbprint) => thumbprint.toLowerCase());
}
