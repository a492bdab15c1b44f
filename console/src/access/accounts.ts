import type { AwsClient } from "../aws/client.ts";
import type { NewKey } from "./snippets.ts";

export interface Account {
  accountId: string;
  name: string;
  email: string;
  state: "active" | "closed";
  createdAt: string;
}

/** All accounts. Throws `AwsError` if the caller may not see them. */
export async function listAccounts(client: AwsClient): Promise<Account[]> {
  const found: Account[] = [];
  let after: string | undefined;
  do {
    const page = await client.own<{ accounts: Account[]; next: string | null }>({
      path: "/-/accounts",
      query: { after },
    });
    found.push(...page.accounts);
    after = page.next ?? undefined;
  } while (after !== undefined);
  return found;
}

interface RootKey {
  accessKeyId: string;
  secretAccessKey: string;
}

const keyOf = ({ accessKeyId, secretAccessKey }: RootKey): NewKey => ({ id: accessKeyId, secret: secretAccessKey });

/** The new account's root key is told this once. */
export async function createAccount(client: AwsClient, name: string, email: string): Promise<NewKey> {
  const body = JSON.stringify({ name, email });
  return keyOf(await client.own<RootKey>({ method: "POST", path: "/-/accounts", body }));
}

/** A new root key; the one before ends at once. */
export async function rekeyAccount(client: AwsClient, accountId: string): Promise<NewKey> {
  const body = JSON.stringify({ accountId });
  return keyOf(await client.own<RootKey>({ method: "POST", path: "/-/accounts/rekey", body }));
}

export async function changeAccount(client: AwsClient, change: "close" | "reopen", accountId: string): Promise<void> {
  await client.own({ method: "POST", path: `/-/accounts/${change}`, body: JSON.stringify({ accountId }) });
}
