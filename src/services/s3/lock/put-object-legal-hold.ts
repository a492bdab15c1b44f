import { putLegalHold } from "../../../store/write/amend.ts";
import { readDocument } from "../body/document.ts";
import type { Handler } from "../handler.ts";
import { versionOf } from "../objects/version-id.ts";
import { parseLegalHold } from "./documents.ts";

/** PutObjectLegalHold. */
export const putObjectLegalHold: Handler = async (call) => {
  const { bucket, key, query, store } = call;
  const version = versionOf(query);
  const status = parseLegalHold(await readDocument(call, "LegalHold"));
  call.gate.body.legalHold = status;
  await putLegalHold(store, { bucket, key, ...version }, status);
  return { status: 200 };
};
