import type { DurabilityReport } from "../maintenance/census/durability.ts";

const COLORS = { green: "#1a7f37", yellow: "#9a6700", red: "#cf222e" } as const;

/** The report as a page that needs nothing but itself. Whatever comes from outside is escaped. */
export function durabilityPage(report: DurabilityReport): string {
  const { census, backlog } = report;
  const color = COLORS[report.light];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sherd: durability</title><style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color-scheme: light dark }
h1 { font-size: 1.2rem; color: #fff; background: ${color}; padding: .6rem 1rem; border-radius: .4rem }
table { border-collapse: collapse; margin: 1rem 0; width: 100% }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8884; vertical-align: top }
</style></head><body>
<h1>${escapeHtml(report.light)} as of ${time(report.atMs)}</h1>
${report.green ? `<p>${escapeHtml(report.headline)}.</p>` : troubles(report)}
${table(
  ["on what that rests", "last looked at", "good for"],
  report.evidence.map(({ what, atMs, ageSecondsMax }) => [what, time(atMs), `${ageSecondsMax} s`]),
)}
${table(
  ["drive", "domain", "takes", "is", "seen", "renewed", "ms", "free", "shards", "bytes"],
  report.drives.map((drive) => [
    drive.name,
    drive.domain,
    drive.class,
    drive.losses.length > 0 ? `${drive.state}, being healed` : drive.state,
    time(drive.seenMs),
    drive.generation ?? 0,
    drive.latencyMs,
    drive.space ? `${Math.floor(drive.space.freeBytes / 1024 ** 2)} MiB` : "not measured",
    drive.shards,
    drive.bytes,
  ]),
)}
${table(["geometry", "good shards", "blobs"], redundancyRows(report))}
<p>Shards never verified since they were written: ${census?.totals.neverVerified ?? "unknown"}. Oldest verification:
${time(census?.totals.oldestVerifiedMs ?? null)}.</p>
${table(
  ["database", "bytes"],
  report.databases.map(({ name, sizeBytes }) => [name, sizeBytes]),
)}
${table(
  ["backlog", "rows", "oldest"],
  Object.entries(backlog).map(([name, { rows, oldestMs }]) => [name, rows, time(oldestMs)]),
)}
${table(
  ["job", "ended well", "failed", "what it did"],
  report.jobs.map((job) => [
    job.name,
    time(job.finishedMs),
    job.failure === null ? "" : `${time(job.failedMs)}: ${job.failure}`,
    Object.entries(job.report ?? {})
      .map(([what, count]) => `${what} ${count}`)
      .join(", "),
  ]),
)}
${table(
  ["snapshot of the metadata", "database", "begun", "ended", "objects"],
  report.snapshots.map(({ id, database, beganMs, endedMs, rows }) => [
    id,
    database,
    time(beganMs),
    time(endedMs),
    rows.objects ?? 0,
  ]),
)}
</body></html>
`;
}

function troubles({ troubles: all }: DurabilityReport): string {
  return `<ul>${all.map(({ light, sentence }) => `<li>${light}: ${escapeHtml(sentence)}</li>`).join("")}</ul>`;
}

function redundancyRows({ census }: DurabilityReport): (string | number)[][] {
  return Object.entries(census?.totals.redundancy ?? {}).flatMap(([geometry, counts]) => {
    const [k = 0, m = 0] = geometry.split("+").map(Number);
    return Object.entries(counts).map(([good, blobs]) => [geometry, `${good} of ${k + m}`, blobs]);
  });
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = (tag: string, row: readonly (string | number)[]) =>
    `<tr>${row.map((cell) => `<${tag}>${escapeHtml(String(cell))}</${tag}>`).join("")}</tr>`;
  return `<table>${cells("th", head)}${rows.map((row) => cells("td", row)).join("")}</table>`;
}

function time(ms: number | null): string {
  return ms === null ? "never" : new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
