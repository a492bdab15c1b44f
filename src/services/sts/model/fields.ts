import { integer, list, required, structure, text } from "../../../protocols/aws-query/fields.ts";

/** Parameters that several operations have, with the constraints of the STS API Reference. */
export const roleArn = required(
  text({ min: 20, max: 2_048, pattern: /^[\u0009\u000a\u000d\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufffd]+$/ }),
);
export const roleSessionName = required(text({ min: 2, max: 64, pattern: /^[\w+=,.@-]*$/ }));
export const sourceIdentity = text({ min: 2, max: 64, pattern: /^[\w+=,.@-]*$/ });
export const externalId = text({ min: 2, max: 1_224, pattern: /^[\w+=,.@:/-]*$/ });
export const roleDuration = integer({ min: 900, max: 43_200 });
export const tokenDuration = integer({ min: 900, max: 129_600 });
export const policy = text({ min: 1, max: 2_048, pattern: /^[\u0009\u000a\u000d\u0020-\u00ff]+$/ });
export const policyArns = list(structure({ arn: required(text({ min: 20, max: 2_048 })) }), { max: 10 });

const tagKey = text({ min: 1, max: 128, pattern: /^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$/u });
const tagValue = text({ min: 0, max: 256, pattern: /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u });
export const tags = list(structure({ Key: required(tagKey), Value: required(tagValue) }), { max: 50 });
export const tagKeys = list(tagKey, { max: 50 });

/** A second factor cannot be registered here, so none can be right. */
export const secondFactor = {
  SerialNumber: text({ min: 9, max: 256, pattern: /^[\w+=/:,.@-]*$/ }),
  TokenCode: text({ min: 6, max: 6, pattern: /^[\d]*$/, secret: true }),
};
