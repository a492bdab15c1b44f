import { formatNumber } from "../text/format.ts";
import { useText } from "../text/text.ts";
import { DataTable } from "../ui/data-table.tsx";
import { Empty } from "../ui/notice.tsx";
import type { Sample } from "./prometheus.ts";
import { operationsOf } from "./rates.ts";

/** What was asked for since the server started, how long it took, and how much was refused or failed. */
export function OperationsTable({ samples }: { samples: readonly Sample[] }) {
  const t = useText();
  const rows = operationsOf(samples);
  if (rows.length === 0) return <Empty title={t("operations.noRequests")} />;
  return (
    <DataTable
      label={t("operations.byOperation")}
      rows={rows}
      keyOf={({ operation }) => operation}
      searchText={({ operation }) => operation}
      columns={[
        {
          id: "operation",
          title: t("operations.operation"),
          cell: (row) => <span className="code">{row.operation}</span>,
        },
        {
          id: "requests",
          title: t("operations.allRequests"),
          isNumber: true,
          cell: ({ requests }) => formatNumber(requests),
        },
        {
          id: "mean",
          title: t("operations.mean"),
          isNumber: true,
          cell: ({ meanSeconds }) =>
            meanSeconds === null
              ? ""
              : formatNumber(meanSeconds * 1000, { style: "unit", unit: "millisecond", maximumSignificantDigits: 3 }),
        },
        {
          id: "refused",
          title: t("operations.refused"),
          cell: ({ refused }) => [...refused].map(([status, count]) => `${status}: ${formatNumber(count)}`).join(", "),
        },
      ]}
    />
  );
}
