import { childText, type XmlElement } from "../../../protocols/rest-xml/read.ts";
import { requireShape } from "../../../protocols/rest-xml/shape.ts";
import { element, xmlDocument } from "../../../protocols/rest-xml/write.ts";
import type { Retention } from "../../../store/types.ts";
import { S3Error } from "../errors/error.ts";
import { parseRetainUntil } from "./retain-until.ts";

/** Reads `<Retention>`; null where it is empty, which ends a retention. Throws MalformedXML, InvalidArgument. */
export function parseRetention(document: XmlElement, nowMs: number): Retention | null {
  requireShape(document, { Mode: "text", RetainUntilDate: "text" });
  const mode = childText(document, "Mode")?.trim();
  const until = childText(document, "RetainUntilDate")?.trim();
  if (mode === undefined && until === undefined) return null;
  if (until === undefined) throw new S3Error("MalformedXML");
  return { mode: parseMode(mode), untilMs: parseRetainUntil(until, nowMs) };
}

export function retentionDocument({ mode, untilMs }: Retention): string {
  const until = new Date(untilMs).toISOString();
  return xmlDocument("Retention", element("Mode", mode), element("RetainUntilDate", until));
}

/** Reads `<LegalHold>`. Throws MalformedXML. */
export function parseLegalHold(document: XmlElement): "ON" | "OFF" {
  requireShape(document, { Status: "text" });
  const status = childText(document, "Status")?.trim();
  if (status === "ON" || status === "OFF") return status;
  throw new S3Error("MalformedXML");
}

export function legalHoldDocument(status: "ON" | "OFF"): string {
  return xmlDocument("LegalHold", element("Status", status));
}

export function parseMode(text: string | undefined): Retention["mode"] {
  if (text === "GOVERNANCE" || text === "COMPLIANCE") return text;
  throw new S3Error("MalformedXML");
}
