/** The encryption context of a KMS request: authenticated with the data key, readable in logs, never secret. */
export type EncryptionContext = Readonly<Record<string, string>>;

export interface GenerateDataKey {
  /** As the request or the bucket names it: a key id, a key ARN, an alias or an alias's ARN. Null: the account's `aws/s3` key. */
  readonly keyId: string | null;
  readonly context: EncryptionContext;
  /**
   * An S3 Bucket Key: the same data key may be given for several objects of one bucket (the context names the bucket then) and one
   * caller, for some minutes. False: a fresh one each time.
   */
  readonly mayReuse: boolean;
  /** Of a reused one: how old it may be. Absent: 300. */
  readonly reuseSeconds?: number;
  /** Whose key is meant by a name alone. Absent: the caller's account. */
  readonly accountId?: string;
  /** Whether the caller must be allowed `kms:Decrypt` as well, as SQS asks of those who send. */
  readonly alsoDecrypt?: boolean;
}

export interface GeneratedDataKey {
  /** 32 bytes. Never logged, never stored. */
  readonly plain: Uint8Array;
  /** The data key as the KMS encrypted it, base64 (`CiphertextBlob`). At most 8,192 characters. */
  readonly sealed: string;
  /** ARN of the key that encrypted it: what answers and rows say. */
  readonly keyArn: string;
}

export interface SealedDataKey {
  readonly sealed: string;
  /** As it was given with the data key. */
  readonly keyArn: string;
  /** As it was given with the data key; another one does not open it. */
  readonly context: EncryptionContext;
  /** How long it may be remembered once it is open. Absent: the data key of an object is not, a bucket key for 300 seconds. */
  readonly reuseSeconds?: number;
}

/** Expected failures. `message` is AWS's sentence where it has one; it holds no key material. */
export type DataKeyFailure =
  /** The caller may not, by the key's policy, a grant or IAM; or the key is not of an account that it may be used from. */
  | { readonly kind: "access-denied"; readonly message: string }
  /** There is no such key or alias. */
  | { readonly kind: "not-found"; readonly message: string }
  | { readonly kind: "disabled"; readonly keyArn: string }
  | { readonly kind: "pending-deletion"; readonly keyArn: string }
  /** It cannot make data keys: asymmetric, or for signatures. */
  | { readonly kind: "invalid-usage"; readonly keyArn: string }
  /** The sealed data key is damaged, of another key, or the context is another one. */
  | { readonly kind: "invalid-ciphertext"; readonly keyArn: string }
  /** There is no KMS. */
  | { readonly kind: "not-configured" }
  /** The KMS did not answer in time. The request may be repeated. */
  | { readonly kind: "unavailable"; readonly reason: string };

export type DataKeyResult<T> = ({ readonly ok: true } & T) | { readonly ok: false; readonly failure: DataKeyFailure };

/**
 * Data keys of a KMS, for one caller: bound to who asks, so that `kms:GenerateDataKey` and `kms:Decrypt` are decided for that
 * principal as at AWS, with `kms:ViaService` and `kms:EncryptionContext:*` as condition keys. The store calls `generate` once for each
 * new object version or upload that asks for SSE-KMS, and `open` once for each read of one, after it was found that the caller may read
 * the object. Both answer within seconds or with `unavailable`; they throw on bugs only.
 *
 * An implementation may remember what it opened, for a caller and a short time, so that external KMS calls stay few.
 */
export interface DataKeys {
  /** kms:GenerateDataKey, of AES_256. */
  generate(request: GenerateDataKey): Promise<DataKeyResult<GeneratedDataKey>>;
  /** kms:Decrypt. */
  open(key: SealedDataKey): Promise<DataKeyResult<{ readonly plain: Uint8Array }>>;
}

/** What a service of the server's own does with keys, for no caller's request. */
export interface ServiceUse {
  /** `s3.amazonaws.com`, `logging.s3.amazonaws.com`. */
  readonly service: string;
  /** Of the bucket that it writes to. */
  readonly accountId: string;
  /** On whose behalf: `aws:SourceArn` and `aws:SourceAccount`. */
  readonly source: { readonly arn: string; readonly accountId: string };
  /** The service that it has the keys through. Absent: none, it uses them itself. */
  readonly via?: "sqs";
}

/**
 * A key that was used may no longer be: it was disabled, or the caller's permission was taken away, and a batch of the request found out
 * before anything was committed or answered.
 */
export class DataKeyRefused extends Error {
  readonly failure: DataKeyFailure;

  constructor(failure: DataKeyFailure) {
    super(`a data key is refused: ${failure.kind}`);
    this.name = "DataKeyRefused";
    this.failure = failure;
  }
}

/** Whether the KMS could not be asked: nobody has refused anything, and the same may succeed later. */
export function isKmsUnavailable(error: unknown): boolean {
  return error instanceof DataKeyRefused && error.failure.kind === "unavailable";
}

/** Data keys where there is no KMS. */
export const noDataKeys: DataKeys = {
  generate: () => Promise.resolve(NOT_CONFIGURED),
  open: () => Promise.resolve(NOT_CONFIGURED),
};

const NOT_CONFIGURED = { ok: false, failure: { kind: "not-configured" } } as const;
