import { createAlias, deleteAlias, updateAlias } from "./aliases/change-alias.ts";
import { listAliases } from "./aliases/list-aliases.ts";
import { decrypt } from "./crypto/decrypt.ts";
import { encrypt } from "./crypto/encrypt.ts";
import { generateDataKey, generateDataKeyWithoutPlaintext } from "./crypto/generate-data-key.ts";
import { generateRandom } from "./crypto/generate-random.ts";
import { reEncrypt } from "./crypto/re-encrypt.ts";
import { createGrant } from "./grants/create-grant.ts";
import { retireGrant, revokeGrant } from "./grants/end-grants.ts";
import { listGrants, listRetirableGrants } from "./grants/list-grants.ts";
import { createKey } from "./keys/create-key.ts";
import { describeCustomKeyStores } from "./keys/describe-custom-key-stores.ts";
import { describeKey } from "./keys/describe-key.ts";
import { listKeys } from "./keys/list-keys.ts";
import { cancelKeyDeletion, disableKey, enableKey, scheduleKeyDeletion } from "./keys/states.ts";
import { updateKeyDescription } from "./keys/update-key-description.ts";
import type { KmsOperation } from "./operation.ts";
import type { KmsOperationName } from "./operation-name.ts";
import { getKeyPolicy, listKeyPolicies, putKeyPolicy } from "./policy/key-policy.ts";
import {
  disableKeyRotation,
  enableKeyRotation,
  getKeyRotationStatus,
  listKeyRotations,
  rotateKeyOnDemand,
} from "./rotation/rotation.ts";
import { listResourceTags, tagResource, untagResource } from "./tags/tags.ts";

/**
 * Every operation of KMS. A missing row does not compile. Null: it is not built, which is answered by name. The permission of each is its
 * own name, `kms:CreateKey`, but for ReEncrypt, which has two.
 */
export const operations: Readonly<Record<KmsOperationName, KmsOperation | null>> = {
  CancelKeyDeletion: cancelKeyDeletion,
  ConnectCustomKeyStore: null,
  CreateAlias: createAlias,
  CreateCustomKeyStore: null,
  CreateGrant: createGrant,
  CreateKey: createKey,
  Decapsulate: null,
  Decrypt: decrypt,
  DeleteAlias: deleteAlias,
  DeleteCustomKeyStore: null,
  DeleteImportedKeyMaterial: null,
  DeriveSharedSecret: null,
  DescribeCustomKeyStores: describeCustomKeyStores,
  DescribeKey: describeKey,
  DisableKey: disableKey,
  DisableKeyRotation: disableKeyRotation,
  DisconnectCustomKeyStore: null,
  EnableKey: enableKey,
  EnableKeyRotation: enableKeyRotation,
  Encapsulate: null,
  Encrypt: encrypt,
  GenerateDataKey: generateDataKey,
  GenerateDataKeyPair: null,
  GenerateDataKeyPairWithoutPlaintext: null,
  GenerateDataKeyWithoutPlaintext: generateDataKeyWithoutPlaintext,
  GenerateMac: null,
  GenerateRandom: generateRandom,
  GetKeyLastUsage: null,
  GetKeyPolicy: getKeyPolicy,
  GetKeyRotationStatus: getKeyRotationStatus,
  GetParametersForImport: null,
  GetPublicKey: null,
  ImportKeyMaterial: null,
  ListAliases: listAliases,
  ListGrants: listGrants,
  ListKeyPolicies: listKeyPolicies,
  ListKeyRotations: listKeyRotations,
  ListKeys: listKeys,
  ListResourceTags: listResourceTags,
  ListRetirableGrants: listRetirableGrants,
  PutKeyPolicy: putKeyPolicy,
  ReEncrypt: reEncrypt,
  ReplicateKey: null,
  RetireGrant: retireGrant,
  RevokeGrant: revokeGrant,
  RotateKeyOnDemand: rotateKeyOnDemand,
  ScheduleKeyDeletion: scheduleKeyDeletion,
  Sign: null,
  TagResource: tagResource,
  UntagResource: untagResource,
  UpdateAlias: updateAlias,
  UpdateCustomKeyStore: null,
  UpdateKeyDescription: updateKeyDescription,
  UpdatePrimaryRegion: null,
  Verify: null,
  VerifyMac: null,
};
