import { parsePolicy } from "../../auth/policy/parse.ts";
import { serviceMay } from "../../auth/policy/service-may.ts";
import { firstAccount } from "../../auth/principal.ts";
import type { DueConfiguration } from "../../metadata/buckets/named-configurations.ts";
import { storeOf } from "../../store/buckets/databases.ts";
import type { InventoryConfiguration } from "../../store/buckets/inventory-configuration.ts";
import type { StoreContext } from "../../store/context.ts";
import { storeOfService } from "../../store/guarded-store.ts";
import type { EncryptionRequest } from "../../store/sealed/encryption.ts";
import type { Bucket } from "../../store/types.ts";
import { bodyOfBytes } from "../../store/write/body-of-bytes.ts";
import { putObject } from "../../store/write/write.ts";

/** The service that delivers reports, in policies of destinations and of KMS keys. */
const SERVICE = "s3.amazonaws.com";

type Destination = InventoryConfiguration["destination"];

/** The bucket refuses the report. */
export class DeliveryRefused extends Error {}

/** Destination of a report. */
export class ReportTarget {
  readonly #store: StoreContext;
  readonly #bucket: Bucket;
  readonly #source: DueConfiguration;
  readonly #destination: Destination;

  private constructor(store: StoreContext, bucket: Bucket, source: DueConfiguration, destination: Destination) {
    this.#store = store;
    this.#bucket = bucket;
    this.#source = source;
    this.#destination = destination;
  }

  /**
   * Throws `DeliveryRefused` if there is no such bucket, or its account is not the configured one.
   */
  static async open(store: StoreContext, source: DueConfiguration, destination: Destination): Promise<ReportTarget> {
    const owning = await storeOf(store, destination.bucket);
    const bucket = await owning.metadata.buckets.learn(destination.bucket, owning.clock.now());
    if (!bucket) throw new DeliveryRefused(`there is no bucket ${destination.bucket}`);
    const account = bucket.ownerAccount ?? firstAccount.accountId;
    if (destination.accountId !== null && destination.accountId !== account) {
      throw new DeliveryRefused(`bucket ${destination.bucket} does not belong to account ${destination.accountId}`);
    }
    const use = { service: SERVICE, accountId: account, source: sourceOf(source) };
    return new ReportTarget(storeOfService(owning, use), bucket, source, destination);
  }

  /**
   * Writes an object of the report by the store's usual path, so that it is encrypted, announced
   * and counted like others. Throws `DeliveryRefused` unless the bucket's policy lets S3 put it for
   * the source bucket, also within one account, as at AWS; and the errors of `putObject`. A KMS key
   * must allow S3 too.
   */
  async put(key: string, bytes: Uint8Array, contentType: string): Promise<void> {
    this.#requireAllowed(key);
    await putObject(this.#store, {
      bucket: this.#bucket.name,
      key,
      attributes: { system: { contentType }, user: {} },
      storageClass: "STANDARD",
      body: bodyOfBytes(bytes),
      ...encryptionOf(this.#destination),
    });
  }

  #requireAllowed(key: string): void {
    const { name, access, ownerAccount } = this.#bucket;
    const parsed = access?.policy === undefined ? null : parsePolicy(access.policy, { kind: "bucket", bucket: name });
    const isAllowed =
      parsed?.ok === true &&
      serviceMay({
        service: SERVICE,
        action: "s3:PutObject",
        resource: `arn:aws:s3:::${name}/${key}`,
        resourceAccountId: ownerAccount ?? firstAccount.accountId,
        policy: parsed.policy,
        source: sourceOf(this.#source),
        // The ACL that S3 sends with reports, and that AWS's example of such a policy requires.
        facts: { "s3:x-amz-acl": "bucket-owner-full-control" },
        nowMs: this.#store.clock.now(),
      });
    if (!isAllowed) {
      throw new DeliveryRefused(
        `the policy of bucket ${name} does not let s3.amazonaws.com put inventories of ${this.#source.bucket}`,
      );
    }
  }
}

/** The account and bucket for which a report is delivered. */
function sourceOf({ bucket, ownerAccount }: DueConfiguration): { arn: string; accountId: string } {
  return { arn: `arn:aws:s3:::${bucket}`, accountId: ownerAccount ?? firstAccount.accountId };
}

/** The configured encryption; none: the bucket's default. */
function encryptionOf({ isEncrypted, kmsKeyArn }: Destination): { encryption?: EncryptionRequest } {
  if (kmsKeyArn) return { encryption: { form: "aws:kms", keyId: kmsKeyArn, context: {}, bucketKey: null } };
  return isEncrypted ? { encryption: { form: "AES256" } } : {};
}
