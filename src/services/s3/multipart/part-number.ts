import { S3Error } from "../errors/error.ts";

/** S3's limit on the parts of one upload. */
export const PART_NUMBER_MAX = 10_000;

/** Reads the partNumber parameter: 1 to 10,000. Throws InvalidArgument. */
export function parsePartNumber(text: string): number {
  const partNumber = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (partNumber < 1 || partNumber > PART_NUMBER_MAX) {
    throw new S3Error("InvalidArgument", `Part number must be an integer between 1 and ${PART_NUMBER_MAX}, inclusive`, {
      ArgumentName: "partNumber",
      ArgumentValue: text,
    });
  }
  return partNumber;
}
