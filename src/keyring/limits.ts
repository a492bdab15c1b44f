/** Quotas and sizes, as "Quotas" in the AWS KMS Developer Guide and the constraints of the API Reference have them, unless said otherwise. */
export const keyringLimits = {
  /** AWS: 100,000. Listings page by seeks, so the number costs nothing. */
  keysPerAccount: 100_000,
  aliasesPerKey: 50,
  /** AWS: 50,000. All of them are read with the key. */
  grantsPerKey: 500,
  tagsPerKey: 50,
  policyBytes: 32_768,
  onDemandRotations: 25,
  plaintextBytes: 4_096,
  ciphertextBytes: 6_144,
  /** Of the encryption context, as JSON in UTF-8. */
  contextBytes: 8_192,
} as const;

/** Of automatic rotation. */
export const ROTATION_DAYS = { min: 90, max: 2_560, default: 365 } as const;
/** Between ScheduleKeyDeletion and the end. */
export const DELETION_DAYS = { min: 7, max: 30, default: 30 } as const;

export const DAY_MS = 86_400_000;
