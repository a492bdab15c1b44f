import { child, childText, type XmlElement } from "../../../protocols/rest-xml/read.ts";
import { requireShape } from "../../../protocols/rest-xml/shape.ts";
import { element, optional, xmlDocument } from "../../../protocols/rest-xml/write.ts";
import type { DefaultRetention, ObjectLockConfiguration } from "../../../store/buckets/object-lock.ts";
import type { HoldDuration } from "../../../store/types.ts";
import { S3Error } from "../errors/error.ts";
import { durationElement, parseMode } from "./documents.ts";
import { parseDuration } from "./event-hold.ts";
import { LOCK_DAYS_MAX, LOCK_YEARS_MAX } from "./limits.ts";

const SHAPE = {
  ObjectLockEnabled: "text",
  Rule: {
    DefaultRetention: { Mode: "text", Days: "text", Years: "text", DefaultEventHold: { Days: "text", Years: "text" } },
  },
} as const;

/**
 * Reads `<ObjectLockConfiguration>`. Throws MalformedXML, and InvalidArgument for an invalid
 * period.
 */
export function parseLockConfiguration(document: XmlElement): ObjectLockConfiguration {
  requireShape(document, SHAPE);
  if (childText(document, "ObjectLockEnabled")?.trim() !== "Enabled") throw new S3Error("MalformedXML");
  const rule = child(document, "Rule");
  if (rule === undefined) return {};
  const retention = child(rule, "DefaultRetention");
  if (retention === undefined) throw new S3Error("MalformedXML");
  return { defaultRetention: parseDefaultRetention(retention) };
}

function parseDefaultRetention(retention: XmlElement): DefaultRetention {
  const mode = parseMode(childText(retention, "Mode")?.trim());
  const days = childText(retention, "Days")?.trim();
  const years = childText(retention, "Years")?.trim();
  const eventHold = parseDefaultHold(child(retention, "DefaultEventHold"));
  const hold = eventHold && { eventHold };
  if (days !== undefined && years === undefined)
    return { mode, days: parsePeriod("Days", days, LOCK_DAYS_MAX), ...hold };
  if (years !== undefined && days === undefined)
    return { mode, years: parsePeriod("Years", years, LOCK_YEARS_MAX), ...hold };
  if (hold === undefined || days !== undefined || years !== undefined) throw new S3Error("MalformedXML");
  return { mode, ...hold };
}

function parseDefaultHold(hold: XmlElement | undefined): HoldDuration | undefined {
  if (hold === undefined) return undefined;
  const texts = {
    days: childText(hold, "Days")?.trim() ?? null,
    years: childText(hold, "Years")?.trim() ?? null,
  };
  const duration = parseDuration(texts, { days: "Days", years: "Years" });
  if (duration === undefined) throw new S3Error("MalformedXML");
  return duration;
}

function parsePeriod(name: "Days" | "Years", text: string, most: number): number {
  if (!/^-?\d{1,10}$/.test(text)) throw new S3Error("MalformedXML");
  const period = Number(text);
  if (period > 0 && period <= most) return period;
  const problem = period > 0 ? "too large" : "must be a positive integer value";
  throw new S3Error("InvalidArgument", `Default retention period ${problem}.`, {
    ArgumentName: name,
    ArgumentValue: text,
  });
}

export function lockConfigurationDocument({ defaultRetention: retention }: ObjectLockConfiguration): string {
  const rule =
    retention &&
    element(
      "Rule",
      element(
        "DefaultRetention",
        element("Mode", retention.mode),
        optional("Days", retention.days),
        optional("Years", retention.years),
        retention.eventHold && durationElement("DefaultEventHold", retention.eventHold),
      ),
    );
  return xmlDocument("ObjectLockConfiguration", element("ObjectLockEnabled", "Enabled"), rule);
}
