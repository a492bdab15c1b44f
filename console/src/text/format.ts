import { language } from "./text.ts";

/** How the browser writes numbers and dates: in the language of the texts, by the customs of the reader's own region. */
function locale(): string {
  return navigator.languages.find((one) => one.slice(0, 2) === language()) ?? language();
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte", "petabyte"] as const;

/** 1,500,000 as `1.5 MB`: units are powers of 1,000. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  const unit = UNITS[power] ?? "byte";
  const display = power === 0 ? "long" : "short";
  const options = { style: "unit", unit, unitDisplay: display, maximumFractionDigits: power === 0 ? 0 : 1 } as const;
  return new Intl.NumberFormat(locale(), options).format(bytes / 1000 ** power);
}

export function formatNumber(value: number, options: Intl.NumberFormatOptions = {}): string {
  return new Intl.NumberFormat(locale(), options).format(value);
}

export function formatTime(time: Date | number | string): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return "";
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "medium" }).format(date);
}

export function formatShortTime(time: Date | number | string): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return "";
  return new Intl.DateTimeFormat(locale(), { dateStyle: "short", timeStyle: "short" }).format(date);
}

/**
 * `3 minutes ago`.
 *
 * @public
 */
export function formatAge(timeMs: number, nowMs: number): string {
  const seconds = Math.round((timeMs - nowMs) / 1000);
  const format = new Intl.RelativeTimeFormat(locale(), { numeric: "auto" });
  const steps = [
    [60, 1, "second"],
    [3600, 60, "minute"],
    [86_400, 3600, "hour"],
    [Number.POSITIVE_INFINITY, 86_400, "day"],
  ] as const;
  for (const [below, each, unit] of steps) {
    if (Math.abs(seconds) < below) return format.format(Math.round(seconds / each), unit);
  }
  return formatTime(timeMs);
}
