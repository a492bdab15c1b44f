import { type Field, integer, list, required, structure, text } from "../../../protocols/aws-query/fields.ts";

/** Parameters that several operations have, with the constraints of the IAM API Reference. */

function entityName(what: string, max: number): Field<string | undefined> {
  const otherwise = `The specified value for ${what} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-`;
  return text({ min: 1, max, pattern: /^[\w+=,.@-]+$/, otherwise });
}

export const userName = entityName("userName", 64);
export const newUserName = entityName("newUserName", 64);
export const groupName = entityName("groupName", 128);
export const newGroupName = entityName("newGroupName", 128);
export const roleName = entityName("roleName", 64);
export const policyName = entityName("policyName", 128);

function pathText(what: string): Field<string | undefined> {
  const otherwise = `The specified value for ${what} is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.`;
  return text({ min: 1, max: 512, pattern: /^(\/|\/[\u0021-\u007e]+\/)$/, otherwise });
}

export const path = pathText("path");
export const newPath = pathText("newPath");
export const policyPath = text({ min: 1, max: 512, pattern: /^((\/[A-Za-z0-9.,+@=_-]+)*)\/$/ });
export const pathPrefix = text({ min: 1, max: 512, pattern: /^\/[\u0021-\u007f]*$/ });

export const arn = text({ min: 20, max: 2048 });
export const policyDocument = text({ min: 1, max: 131_072, pattern: /^[\u0009\u000a\u000d\u0020-\u00ff]+$/ });
export const description = text({ max: 1_000, pattern: /^[\u0009\u000a\u000d\u0020-\u007e\u00a1-\u00ff]*$/ });
export const policyDescription = text({ max: 1_000 });
export const maxSessionDuration = integer({ min: 3_600, max: 43_200 });
export const versionId = text({ pattern: /^v[1-9][0-9]*(\.[A-Za-z0-9-]*)?$/ });
export const accessKeyId = text({ min: 16, max: 128, pattern: /^\w+$/ });

const tagKey = text({ min: 1, max: 128, pattern: /^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$/u });
const tagValue = text({ min: 0, max: 256, pattern: /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u });
export const tags = list(structure({ Key: required(tagKey), Value: required(tagValue) }), { max: 50 });
export const tagKeys = list(tagKey, { max: 50 });

/** Of listings. Ours is longer than AWS's 320 characters, because a path of 512 may be in it. */
const marker = text({ min: 1, max: 2_048 });
const maxItems = integer({ min: 1, max: 1_000 });
export const page = { Marker: marker, MaxItems: maxItems };
