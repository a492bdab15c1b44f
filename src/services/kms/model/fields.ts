import { keyringLimits, ROTATION_DAYS } from "../../../keyring/limits.ts";
import {
  blob,
  flag,
  integer,
  list,
  map,
  notBuilt,
  required,
  structure,
  text,
} from "../../../protocols/aws-json/fields.ts";

/** Members that several operations have, with the constraints of the AWS KMS API Reference. */

export const keyId = text({ min: 1, max: 2048 });
export const aliasName = text({ min: 1, max: 256, pattern: /^[a-zA-Z0-9:/_-]+$/ });
export const description = text({ max: 8192 });
export const policyName = text({ min: 1, max: 128, pattern: /^\w+$/ });
export const policy = text({ min: 1, max: 131_072, pattern: /^[\u0009\u000a\u000d\u0020-\u00ff]+$/ });
export const principal = text({ min: 1, max: 256, pattern: /^[\w+=,.@:/-]+$/ });
export const grantId = text({ min: 1, max: 128 });
export const numberOfBytes = integer({ min: 1, max: 1024 });
export const dataKeySpec = text({ oneOf: ["AES_256", "AES_128"] });
export const rotationPeriod = integer({ min: ROTATION_DAYS.min, max: ROTATION_DAYS.max });
export const grantToken = text({ min: 1, max: 8192 });
export const dryRun = flag();

export const plaintext = required(blob({ min: 1, max: keyringLimits.plaintextBytes }));
export const ciphertext = blob({ min: 1, max: keyringLimits.ciphertextBytes });

/** Pairs are bounded by their size all together. */
export const encryptionContext = map(required(text()), { max: 8192 });
export const grantTokens = list(grantToken, { max: 10 });
/** Of Nitro enclaves. */
export const recipient = notBuilt();
export const algorithm = text({ oneOf: ["SYMMETRIC_DEFAULT"] });

export const tags = list(
  structure({ TagKey: required(text({ min: 1, max: 128 })), TagValue: required(text({ max: 256 })) }),
  { max: keyringLimits.tagsPerKey },
);
export const tagKeys = required(list(text({ min: 1, max: 128 }), { max: keyringLimits.tagsPerKey }));

export const page = {
  Limit: integer({ min: 1, max: 1000 }),
  Marker: text({ min: 1, max: 1024, pattern: /^[\u0020-\u00ff]*$/ }),
};
