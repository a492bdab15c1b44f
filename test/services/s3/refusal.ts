import { S3ServiceException } from "@aws-sdk/client-s3";
import type { RawResponse } from "../../support/sherd.ts";

/** What a client hears of a refusal. */
export interface Refusal {
  status: number | undefined;
  code: string;
  message: string;
}

/** How the SDK reports that a call was refused; fails the test where it was not. */
export async function refusalOf(call: Promise<unknown>): Promise<Refusal> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof S3ServiceException)) throw error;
    return { status: error.$metadata.httpStatusCode, code: error.name, message: error.message };
  }
  throw new Error("the call was not refused");
}

/** The elements of an error document, by name. */
export function errorElements(response: RawResponse): Record<string, string> {
  const elements: Record<string, string> = { status: String(response.status) };
  for (const [, name, text] of response.text.matchAll(/<([\w-]+)>([^<]*)<\/\1>/g)) elements[name ?? ""] = text ?? "";
  return elements;
}
