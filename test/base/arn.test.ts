import { expect, test } from "vitest";
import { formatArn, parseArn } from "../../src/base/arn.ts";

test.each([
  ["arn:aws:s3:::holiday/a:b", ["aws", "s3", "", "", "holiday/a:b"]],
  ["arn:aws:iam::111111111111:user/team/alice", ["aws", "iam", "", "111111111111", "user/team/alice"]],
  ["arn:aws:sqs:us-east-1:111111111111:jobs", ["aws", "sqs", "us-east-1", "111111111111", "jobs"]],
  ["arn:::::", ["", "", "", "", ""]],
])(
  "%s has six parts, and is itself again when put together",
  (text, [partition, service, region, accountId, resource]) => {
    const arn = parseArn(text);
    expect(arn).toEqual({ partition, service, region, accountId, resource });
    if (arn !== null) expect(formatArn(arn)).toBe(text);
  },
);

test.each(["", "*", "arn:aws:s3::holiday", "ARN:aws:s3:::holiday", "urn:aws:s3:::holiday"])("%j is none", (text) => {
  expect(parseArn(text)).toBeNull();
});
