import { formatAge, formatBytes, formatNumber } from "../text/format.ts";
import { isText, useText } from "../text/text.ts";
import { DataTable } from "../ui/data-table.tsx";
import { Empty } from "../ui/notice.tsx";
import { type Drive, type Durability, type Job, type RedundancyRow, redundancyRows } from "./durability.ts";

export function RedundancyTable({ census }: { census: Durability["census"] }) {
  const t = useText();
  if (census === null) return <Empty title={t("operations.notCounted")} />;
  const rows = redundancyRows(census.totals.redundancy);
  if (rows.length === 0) return <Empty title={t("operations.noBlobs")} />;
  const spareOf = ({ spare }: RedundancyRow) =>
    spare < 0 ? t("operations.unreadable") : t("operations.spareDrives", { count: spare });
  return (
    <DataTable
      label={t("operations.redundancy")}
      rows={rows}
      keyOf={({ geometry, lacking }) => `${geometry}/${lacking}`}
      columns={[
        { id: "geometry", title: t("operations.geometry"), cell: ({ geometry }) => geometry },
        { id: "lacking", title: t("operations.lacking"), isNumber: true, cell: ({ lacking }) => formatNumber(lacking) },
        { id: "spare", title: t("operations.mayBeLost"), cell: spareOf },
        { id: "blobs", title: t("operations.blobs"), isNumber: true, cell: ({ blobs }) => formatNumber(blobs) },
      ]}
    />
  );
}

export function DrivesTable({ drives }: { drives: readonly Drive[] }) {
  const t = useText();
  return (
    <DataTable
      label={t("operations.drives")}
      rows={drives}
      keyOf={({ name }) => name}
      searchText={({ name, domain }) => `${name} ${domain}`}
      columns={[
        { id: "name", title: t("operations.drive"), cell: ({ name }) => <bdi className="code">{name}</bdi> },
        { id: "state", title: t("operations.state"), cell: (drive) => <DriveState drive={drive} /> },
        {
          id: "latency",
          title: t("operations.latency"),
          isNumber: true,
          cell: ({ latencyMs, reachable }) =>
            reachable ? formatNumber(latencyMs, { style: "unit", unit: "millisecond" }) : "",
        },
        { id: "shards", title: t("operations.shards"), isNumber: true, cell: ({ shards }) => formatNumber(shards) },
        { id: "bytes", title: t("operations.stored"), isNumber: true, cell: ({ bytes }) => formatBytes(bytes) },
        {
          id: "free",
          title: t("operations.freeSpace"),
          isNumber: true,
          cell: ({ space }) => (space === null ? "" : formatBytes(space.freeBytes)),
        },
      ]}
    />
  );
}

function DriveState({ drive: { state, sentence, reachable } }: { drive: Drive }) {
  const t = useText();
  const isWell = sentence === null && reachable;
  return (
    <span className={`state ${isWell ? "good" : "bad"}`}>
      {isWell ? t("operations.works") : <span lang="en">{sentence ?? state}</span>}
    </span>
  );
}

export function BacklogTable({ backlog }: { backlog: Durability["backlog"] }) {
  const t = useText();
  const nameOf = (kind: string) => {
    const key = `operations.backlog.${kind}`;
    return isText(key) ? t(key) : kind;
  };
  return (
    <DataTable
      label={t("operations.backlog")}
      rows={Object.entries(backlog)}
      keyOf={([kind]) => kind}
      columns={[
        { id: "kind", title: t("operations.waiting"), cell: ([kind]) => nameOf(kind) },
        { id: "rows", title: t("operations.count"), isNumber: true, cell: ([, { rows }]) => formatNumber(rows) },
        {
          id: "oldest",
          title: t("operations.oldest"),
          cell: ([, { oldestMs }]) => (oldestMs === null ? "" : formatAge(oldestMs, Date.now())),
        },
      ]}
    />
  );
}

export function JobsTable({ jobs }: { jobs: readonly Job[] }) {
  const t = useText();
  return (
    <DataTable
      label={t("operations.jobs")}
      rows={jobs}
      keyOf={({ name }) => name}
      columns={[
        { id: "name", title: t("operations.job"), cell: ({ name }) => <span className="code">{name}</span> },
        { id: "state", title: t("operations.state"), cell: (job) => <JobState job={job} /> },
        {
          id: "finished",
          title: t("operations.finished"),
          cell: ({ finishedMs }) => (finishedMs === null ? t("operations.never") : formatAge(finishedMs, Date.now())),
        },
        {
          id: "report",
          title: t("operations.lastRun"),
          cell: ({ report }) => (
            <span className="code" lang="en">
              {Object.entries(report ?? {})
                .filter(([, count]) => count !== 0)
                .map(([what, count]) => `${what} ${formatNumber(count)}`)
                .join(", ")}
            </span>
          ),
        },
      ]}
    />
  );
}

function JobState({ job }: { job: Job }) {
  const t = useText();
  const hasFailed = job.failedMs !== null && job.failedMs > (job.finishedMs ?? 0);
  if (hasFailed) {
    return (
      <span className="state bad" lang="en">
        {job.failure}
      </span>
    );
  }
  return (
    <span className={`state ${job.stuck ? "bad" : "good"}`}>
      {t(job.stuck ? "operations.stuck" : "operations.works")}
    </span>
  );
}
