import { putLegalHold } from "../../store/amend.ts";
import type { Handler } from "../handler.ts";
import { parseLegalHold } from "../lock/documents.ts";
import { readDocument } from "../objects/document.ts";
import { versionOf } from "../objects/version-id.ts";

/** PutObjectLegalHold. */
export const putObjectLegalHold: Handler = async (call) => {
  const { bucket, key, query, store } = call;
  const version = versionOf(query);
  const status = parseLegalHold(await readDocument(call, "LegalHold"));
  await putLegalHold(store, { bucket, key, ...version }, status);
  return { status: 200 };
};
