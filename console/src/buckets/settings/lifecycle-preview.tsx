import { useState } from "react";
import { visibleKey } from "../../aws/keys.ts";
import { useClient } from "../../session/session.ts";
import { formatBytes, formatNumber } from "../../text/format.ts";
import { useText } from "../../text/text.ts";
import { Button } from "../../ui/button.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { ErrorNotice } from "../../ui/error-notice.tsx";
import { Notice } from "../../ui/notice.tsx";
import { nameOf, type Preview, type PreviewRow, previewLifecycle } from "./preview.ts";

/** What the rules in the editor would do today, and within 30 days. */
export function LifecyclePreview({ bucket, configuration }: { bucket: string; configuration: string }) {
  const t = useText();
  const client = useClient();
  const [preview, setPreview] = useState<Preview | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const look = async () => {
    setBusy(true);
    setError(null);
    setPreview(null);
    try {
      setPreview(await previewLifecycle(client, bucket, configuration));
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="stack">
      <div className="actions">
        <Button icon="search" isPending={isBusy} onPress={() => void look()}>
          {t("bucket.preview")}
        </Button>
      </div>
      {error !== null && <ErrorNotice error={error} />}
      {preview !== null && <PreviewTable preview={preview} />}
    </div>
  );
}

function PreviewTable({ preview: { rules, looked, locked, next } }: { preview: Preview }) {
  const t = useText();
  const sum = (of: (row: PreviewRow) => { count: number; bytes: number }) => (row: PreviewRow) =>
    `${formatNumber(of(row).count)} · ${formatBytes(of(row).bytes)}`;
  return (
    <>
      <p role="status">{t("bucket.previewLooked", { looked: formatNumber(looked), locked: formatNumber(locked) })}</p>
      {next !== null && <Notice tone="warning">{t("bucket.previewPart")}</Notice>}
      {rules.length > 0 && (
        <DataTable
          label={t("bucket.preview")}
          rows={rules}
          keyOf={nameOf}
          columns={[
            { id: "rule", title: t("bucket.rule"), cell: ({ rule }) => <bdi className="code">{rule}</bdi> },
            {
              id: "action",
              title: t("whoCan.action"),
              cell: ({ action, storageClass = "" }) => <span lang="en">{`${action} ${storageClass}`}</span>,
            },
            { id: "today", title: t("bucket.today"), isNumber: true, cell: sum(({ today }) => today) },
            { id: "month", title: t("bucket.within30Days"), isNumber: true, cell: sum((row) => row.within30Days) },
            {
              id: "examples",
              title: t("bucket.examples"),
              cell: ({ examples }) => (
                <bdi className="code">
                  {examples
                    .slice(0, 3)
                    .map(({ key }) => visibleKey(key))
                    .join(", ")}
                </bdi>
              ),
            },
          ]}
        />
      )}
    </>
  );
}
