import type { IamCall } from "../model/call.ts";
import type { PolicyUsage } from "./managed-documents.ts";

/** How often policies are attached and used as boundaries in the account. One round trip for all. */
export async function usageOf(call: IamCall, arns: readonly string[]): Promise<(arn: string) => PolicyUsage> {
  const counts = await call.identities.policies.usage(call.account.id, arns);
  return (arn) => counts.get(arn) ?? { attachments: 0, boundaries: 0 };
}
