import type { ProviderRow } from "../../../metadata/identities/providers.ts";
import { parseIamArn, providerArn } from "../model/arns.ts";
import type { IamCall } from "../model/call.ts";
import { invalidInput, noSuchEntity } from "../model/errors.ts";
import type { Target } from "../operation.ts";

export interface ProviderTarget extends Target {
  readonly provider: ProviderRow | null;
}

/** The provider of an ARN. Throws InvalidInput if the ARN is none. */
export async function providerTarget(call: IamCall, arn: string): Promise<ProviderTarget> {
  const parsed = parseIamArn(arn);
  const marker = ":oidc-provider/";
  if (parsed === null || !arn.includes(marker)) throw invalidInput(`ARN ${arn.slice(0, 256)} is not valid.`);
  if (parsed.accountId !== call.account.id) return { arn, provider: null };
  const url = arn.slice(arn.indexOf(marker) + marker.length);
  const provider = await call.identities.providers.find(call.account.id, url);
  return provider === null
    ? { arn, provider }
    : { arn: providerArn(call.account.id, url), provider, tags: provider.tags };
}

export function foundProvider({ arn, provider }: ProviderTarget): ProviderRow {
  if (provider === null) throw noSuchEntity(`OpenIDConnect Provider not found for arn ${arn}`);
  return provider;
}
