import { formatArn, parseArn } from "../base/arn.ts";
import type { KeyName, KmsKeyRow } from "../metadata/keyring/keys.ts";

/** Where names are looked up that say no more than the name. */
export interface KeyPlace {
  readonly accountId: string;
  readonly region: string;
}

export type ParsedKeyName =
  | {
      readonly ok: true;
      readonly name: KeyName /** The account that it must be of. */;
      readonly accountId: string | null;
    }
  /** AWS's sentence. */
  | { readonly ok: false; readonly message: string };

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const ALIAS = /^alias\/[a-zA-Z0-9/_-]{1,250}$/;

/**
 * Reads a key id, key ARN, alias or alias ARN. Whether there is such a key is for the caller to look up. A bare key id is of the
 * caller's own account; only an ARN reaches another one.
 *
 * Follows "Key identifiers (KeyId)" in the AWS KMS Developer Guide.
 */
export function parseKeyName(text: string, { accountId, region }: KeyPlace): ParsedKeyName {
  if (!text.startsWith("arn:")) return parseResource(text, accountId, text);
  const arn = parseArn(text);
  if (arn === null || arn.partition !== "aws" || arn.service !== "kms") return notFound(`Invalid arn ${shown(text)}`);
  if (arn.region !== region) return notFound(`Invalid arn ${shown(arn.region)}`);
  if (!/^\d{12}$/.test(arn.accountId)) return notFound(`Invalid arn ${shown(text)}`);
  const resource = arn.resource.startsWith("key/") ? arn.resource.slice("key/".length) : arn.resource;
  if (resource === arn.resource && !resource.startsWith("alias/")) return notFound(`Invalid arn ${shown(text)}`);
  return parseResource(resource, arn.accountId, text);
}

function parseResource(resource: string, accountId: string, text: string): ParsedKeyName {
  if (UUID.test(resource)) return { ok: true, name: { kind: "id", id: resource }, accountId };
  if (ALIAS.test(resource)) return { ok: true, name: { kind: "alias", accountId, name: resource }, accountId };
  return notFound(`Invalid keyId '${shown(text)}'`);
}

function notFound(message: string): ParsedKeyName {
  return { ok: false, message };
}

function shown(text: string): string {
  return text.slice(0, 256);
}

export function isAliasName(text: string): boolean {
  return ALIAS.test(text);
}

/** The ARN of a key. */
export function keyArn({ accountId, id }: Pick<KmsKeyRow, "accountId" | "id">, region: string): string {
  return kmsArn(accountId, region, `key/${id}`);
}

/** `name` with its `alias/`. */
export function aliasArn(accountId: string, name: string, region: string): string {
  return kmsArn(accountId, region, name);
}

function kmsArn(accountId: string, region: string, resource: string): string {
  return formatArn({ partition: "aws", service: "kms", region, accountId, resource });
}

/** AWS's sentence for a name that nothing has. */
export function missingKey(name: KeyName, { accountId, region }: KeyPlace): string {
  if (name.kind === "id") return `Key '${keyArn({ accountId, id: name.id }, region)}' does not exist`;
  return `Alias ${aliasArn(name.accountId, name.name, region)} is not found.`;
}
