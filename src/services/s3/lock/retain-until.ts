import { S3Error } from "../errors/error.ts";

const ISO_8601 = /^\d{4}-?\d{2}-?\d{2}T\d{2}:?\d{2}(:?\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$/;

/** Milliseconds since 1970 of a date in ISO 8601, or null. */
export function parseIsoDate(text: string): number | null {
  if (!ISO_8601.test(text)) return null;
  const [date = "", time = ""] = text.split("T");
  const [clock = "", offset = ""] = time.split(/(?=[Z+-])/);
  const digits = (part: string) => part.replaceAll(/[-:]/g, "");
  const [hours, minutes, seconds = "00"] = digits(clock).match(/\d{2}(\.\d+)?/g) ?? [];
  const zone = offset === "Z" ? "Z" : `${offset.slice(0, 3)}:${offset.slice(-2)}`;
  const day = digits(date).replace(/^(\d{4})(\d{2})(\d{2})$/, "$1-$2-$3");
  const ms = Date.parse(`${day}T${hours}:${minutes}:${seconds}${zone}`);
  return Number.isNaN(ms) ? null : ms;
}

/** The end date of a retention; it must be in the future. Throws InvalidArgument. */
export function parseRetainUntil(text: string, nowMs: number): number {
  const untilMs = parseIsoDate(text);
  if (untilMs === null) throw invalid("The retain until date must be provided in ISO 8601 format", text);
  if (untilMs <= nowMs) throw invalid("The retain until date must be in the future!", text);
  return untilMs;
}

function invalid(message: string, text: string): S3Error {
  return new S3Error("InvalidArgument", message, {
    ArgumentName: "x-amz-object-lock-retain-until-date",
    ArgumentValue: text,
  });
}
