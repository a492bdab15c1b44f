import { child, childText, type XmlElement } from "../../../protocols/rest-xml/read.ts";
import { requireShape } from "../../../protocols/rest-xml/shape.ts";
import { element, optional, type Xml, xmlDocument } from "../../../protocols/rest-xml/write.ts";
import type { HoldDuration, ObjectLock, Retention } from "../../../store/types.ts";
import { type RetentionChange, retainedUntilMs } from "../../../store/write/change-retention.ts";
import { S3Error } from "../errors/error.ts";
import { parseEventHold } from "./event-hold.ts";
import { parseRetainUntil } from "./retain-until.ts";

const RETENTION_SHAPE = {
  Mode: "text",
  RetainUntilDate: "text",
  EventHold: "text",
  EventHoldDuration: { Days: "text", Years: "text" },
} as const;

const HOLD_NAMES = { status: "EventHold", days: "Days", years: "Years" };

/**
 * Reads `<Retention>`; an empty one ends the retention. Without an event hold it needs a mode and a
 * date. With an event hold that is on, or is being released, it needs a mode. Throws MalformedXML,
 * InvalidArgument.
 */
export function parseRetention(document: XmlElement, nowMs: number): RetentionChange {
  requireShape(document, RETENTION_SHAPE);
  const text = (parent: XmlElement | undefined, name: string) => (parent && childText(parent, name)?.trim()) ?? null;
  const [mode, until] = [text(document, "Mode"), text(document, "RetainUntilDate")];
  const duration = child(document, "EventHoldDuration");
  const durations = { days: text(duration, "Days"), years: text(duration, "Years") };
  const eventHold = parseEventHold(text(document, "EventHold"), durations, HOLD_NAMES);
  if (eventHold === undefined) {
    if (mode === null && until === null) return { retention: null };
    if (until === null) throw new S3Error("MalformedXML");
  }
  const untilMs = until === null ? 0 : parseRetainUntil(until, nowMs);
  return { retention: { mode: parseMode(mode ?? undefined), untilMs }, ...(eventHold && { eventHold }) };
}

/** The retention of a version that has one, as of now. */
export function retentionDocument(lock: ObjectLock, nowMs: number): string {
  const { retention, eventHold } = lock;
  const duration = eventHold?.status === "ON" ? eventHold.duration : undefined;
  return xmlDocument(
    "Retention",
    optional("Mode", retention?.mode),
    element("RetainUntilDate", new Date(retainedUntilMs(lock, nowMs)).toISOString()),
    optional("EventHold", eventHold?.status),
    duration && durationElement("EventHoldDuration", duration),
  );
}

export function durationElement(name: string, duration: HoldDuration): Xml {
  return element(name, "days" in duration ? element("Days", duration.days) : element("Years", duration.years));
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
