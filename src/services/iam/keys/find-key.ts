import type { ListedKey } from "../../../metadata/identities/keys.ts";
import type { IamCall } from "../model/call.ts";
import { noSuchEntity } from "../model/errors.ts";
import { type KeyOwnerTarget, ownerId } from "../model/targets.ts";

/** A key of the owner that the request names. Somebody else's key is not found, as at AWS. */
export async function findKeyOf(call: IamCall, target: KeyOwnerTarget, keyId: string): Promise<ListedKey> {
  const owner = ownerId(call, target);
  const key = await call.identities.keys.find(keyId);
  if (key !== null && key.ownerId === owner) return key;
  throw noSuchEntity(`The Access Key with id ${keyId} cannot be found.`);
}
