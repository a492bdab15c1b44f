import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { AwsClient } from "../aws/client.ts";
import { useClient } from "../session/session.ts";
import { formatAge, formatBytes, formatNumber } from "../text/format.ts";
import { useText } from "../text/text.ts";
import { Button } from "../ui/button.tsx";
import { ErrorNotice } from "../ui/error-notice.tsx";
import { Loading, Notice } from "../ui/notice.tsx";
import { toast, toastError } from "../ui/toasts.tsx";
import { Cost } from "./cost.tsx";
import type { Durability } from "./durability.ts";
import { BacklogTable, DrivesTable, JobsTable, RedundancyTable } from "./durability-tables.tsx";
import { LiveCharts } from "./live-charts.tsx";
import { RecentErrors } from "./recent-errors.tsx";

const POLL_MS = 30_000;

async function getDurability(client: AwsClient): Promise<Durability> {
  return client.own<Durability>({ path: "/-/durability" });
}

/** Whether every byte is safe, and what the store does. */
export default function OperationsPage() {
  const t = useText();
  const client = useClient();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ["durability"],
    queryFn: () => getDurability(client),
    refetchInterval: POLL_MS,
  });
  return (
    <div className="page stack">
      <header className="page-header">
        <h1>{t("operations.title")}</h1>
        {data !== undefined && <RunJobs onDone={() => void refetch()} />}
      </header>
      {isPending && <Loading label={t("loading")} />}
      {error !== null && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {data !== undefined && (
        <>
          <Light report={data} />
          <Facts report={data} />
        </>
      )}
      <LiveCharts />
      <RecentErrors />
      {data !== undefined && (
        <>
          <h2>{t("operations.redundancy")}</h2>
          <RedundancyTable census={data.census} />
          <h2>{t("operations.drives")}</h2>
          <DrivesTable drives={data.drives} />
          <h2>{t("operations.backlog")}</h2>
          <BacklogTable backlog={data.backlog} />
          <h2>{t("operations.jobs")}</h2>
          <JobsTable jobs={data.jobs} />
        </>
      )}
    </div>
  );
}

/** One line. It is green only if the report is: every blob whole, every drive there, every job working, all of it seen lately. */
function Light({ report }: { report: Durability }) {
  const t = useText();
  const tones = { green: "success", yellow: "warning", red: "danger" } as const;
  const isGreen = report.green && report.light === "green";
  return (
    <Notice tone={isGreen ? "success" : tones[report.light === "green" ? "yellow" : report.light]}>
      <p className="headline">
        <strong>{isGreen ? t("operations.green") : <span lang="en">{report.headline}</span>}</strong>
      </p>
      {report.troubles.length > 0 && (
        <ul lang="en">
          {report.troubles.map(({ sentence }) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      )}
    </Notice>
  );
}

function Facts({ report }: { report: Durability }) {
  const t = useText();
  const { census, databases, metadataSpace, snapshots } = report;
  return (
    <dl className="facts">
      {census !== null && (
        <>
          <dt>{t("operations.blobs")}</dt>
          <dd>
            {t("operations.blobsValue", {
              blobs: formatNumber(census.totals.blobs),
              bytes: formatBytes(census.totals.bytes),
              age: formatAge(census.atMs, report.atMs),
            })}
          </dd>
        </>
      )}
      <dt>{t("operations.metadata")}</dt>
      <dd>
        {databases.map(({ name, sizeBytes }) => (
          <div key={name}>
            <span className="code">{name}</span>: {formatBytes(sizeBytes)}
          </div>
        ))}
      </dd>
      {metadataSpace !== null && (
        <>
          <dt>{t("operations.metadataDisk")}</dt>
          <dd>
            {t("operations.free", {
              free: formatBytes(metadataSpace.freeBytes),
              total: formatBytes(metadataSpace.totalBytes),
            })}
          </dd>
        </>
      )}
      <dt>{t("operations.snapshots")}</dt>
      <dd>{formatNumber(snapshots.length)}</dd>
      <Cost />
    </dl>
  );
}

function RunJobs({ onDone }: { onDone: () => void }) {
  const t = useText();
  const client = useClient();
  const [isBusy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    try {
      await client.own({ method: "POST", path: "/-/run" });
      toast(t("operations.jobsRan"));
      onDone();
    } catch (error) {
      toastError(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="actions">
      <Button icon="play" isPending={isBusy} onPress={() => void run()}>
        {t("operations.runJobs")}
      </Button>
    </div>
  );
}
