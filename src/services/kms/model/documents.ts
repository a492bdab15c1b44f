import { principalNames } from "../../../auth/policy-principals.ts";
import { aliasArn } from "../../../keyring/key-name.ts";
import type { Keyring } from "../../../keyring/keyring.ts";
import type { EntityTable } from "../../../metadata/identities/entities.ts";
import type { AliasRow } from "../../../metadata/keyring/aliases.ts";
import type { GrantRow } from "../../../metadata/keyring/grants.ts";
import type { HeldKmsKey, MaterialRow } from "../../../metadata/keyring/keys.ts";
import type { TagRow } from "../../../metadata/rows.ts";
import type { JsonResult } from "../../../protocols/aws-json/answer.ts";

export const SYMMETRIC = "SYMMETRIC_DEFAULT";

/** `KeyMetadata` */
export function keyMetadata(held: HeldKmsKey, keyring: Keyring): JsonResult {
  const { key } = held;
  const isPending = key.state === "PendingDeletion";
  return {
    AWSAccountId: key.accountId,
    KeyId: key.id,
    Arn: keyring.arnOf(key),
    CreationDate: new Date(key.createdMs),
    Enabled: key.state === "Enabled",
    Description: key.description,
    KeyUsage: "ENCRYPT_DECRYPT",
    KeyState: key.state,
    ...(isPending && key.deletionMs !== null && { DeletionDate: new Date(key.deletionMs) }),
    Origin: key.externalStore === null ? "AWS_KMS" : "EXTERNAL_KEY_STORE",
    ...(key.externalStore !== null && {
      CustomKeyStoreId: key.externalStore,
      XksKeyConfiguration: { Id: key.externalKey },
    }),
    KeyManager: key.manager,
    CustomerMasterKeySpec: SYMMETRIC,
    KeySpec: SYMMETRIC,
    EncryptionAlgorithms: [SYMMETRIC],
    MultiRegion: false,
    CurrentKeyMaterialId: keyring.materialIdOf(held),
  };
}

export function aliasDocument({ accountId, name, keyId, createdMs, updatedMs }: AliasRow, region: string): JsonResult {
  return {
    AliasName: name,
    AliasArn: aliasArn(accountId, name, region),
    TargetKeyId: keyId,
    CreationDate: new Date(createdMs),
    LastUpdatedDate: new Date(updatedMs),
  };
}

/** Grants as they are shown: with the ARNs that their principals have now. */
export async function grantDocuments<Grant extends GrantRow>(
  entities: EntityTable,
  grants: readonly Grant[],
  keyArnOf: (grant: Grant) => string,
): Promise<JsonResult[]> {
  const named = grants.flatMap(({ grantee, retiring }) => (retiring === null ? [grantee] : [grantee, retiring]));
  const shown = await principalNames(entities, named);
  return grants.map((grant) => {
    const retiring = grant.retiring === null ? null : shown(grant.retiring);
    return grantDocument({ ...grant, grantee: shown(grant.grantee), retiring }, keyArnOf(grant));
  });
}

function grantDocument(grant: GrantRow, keyArn: string): JsonResult {
  return {
    KeyId: keyArn,
    GrantId: grant.id,
    Name: grant.name ?? "",
    CreationDate: new Date(grant.createdMs),
    GranteePrincipal: grant.grantee,
    RetiringPrincipal: grant.retiring,
    IssuingAccount: `arn:aws:iam::${grant.accountId}:root`,
    Operations: grant.operations,
    Constraints: grant.constraints as JsonResult | null,
  };
}

export function rotationDocument(material: MaterialRow, current: number, keyArn: string): JsonResult {
  return {
    KeyId: keyArn,
    KeyMaterialId: material.id,
    KeyMaterialState: material.number === current ? "CURRENT" : "NON_CURRENT",
    ...(material.rotation !== null && {
      RotationDate: new Date(material.createdMs),
      RotationType: material.rotation,
    }),
  };
}

export function tagDocuments(tags: readonly TagRow[]): JsonResult[] {
  return tags.map(([TagKey, TagValue]) => ({ TagKey, TagValue }));
}
