import { expect } from "vitest";
import { MalformedXml } from "../../../src/protocols/rest-xml/read.ts";
import { S3Error, type S3ErrorCode } from "../../../src/services/s3/errors/error.ts";
import { toS3Error } from "../../../src/services/s3/errors/render-error.ts";

/** The S3Error that `run` throws; fails the test where it throws none, or another. */
export function failing(run: () => unknown, code: S3ErrorCode): S3Error {
  try {
    run();
  } catch (error) {
    return checked(error, code);
  }
  throw new Error(`expected ${code}, but nothing was thrown`);
}

/** The same of a promise. */
export async function failingAsync(run: () => Promise<unknown>, code: S3ErrorCode): Promise<S3Error> {
  try {
    await run();
  } catch (error) {
    return checked(error, code);
  }
  throw new Error(`expected ${code}, but nothing was thrown`);
}

function checked(error: unknown, code: S3ErrorCode): S3Error {
  const answered = error instanceof MalformedXml ? toS3Error(error) : error;
  if (!(answered instanceof S3Error)) throw error;
  expect(answered.code).toBe(code);
  return answered;
}
