import { useQuery } from "@tanstack/react-query";
import { AwsError } from "../aws/errors.ts";
import { useClient } from "../session/session.ts";
import { formatTime } from "../text/format.ts";
import { useText } from "../text/text.ts";
import { DataTable } from "../ui/data-table.tsx";
import { ErrorNotice } from "../ui/error-notice.tsx";
import { Empty, Loading } from "../ui/notice.tsx";

const POLL_MS = 10_000;

/** As `/-/errors` tells it. */
interface RecentError {
  at: string;
  status: number;
  code: string | null;
  operation: string;
  service: string;
  bucket: string | null;
  requestId: string;
}

/** What the store has refused or could not do lately. Whoever may not see it sees nothing of it. */
export function RecentErrors() {
  const t = useText();
  const client = useClient();
  const { data, error, isPending } = useQuery({
    queryKey: ["errors"],
    queryFn: () => client.own<{ errors: RecentError[] }>({ path: "/-/errors" }),
    refetchInterval: POLL_MS,
    retry: false,
  });
  if (error instanceof AwsError && error.status === 403) return null;
  return (
    <>
      <h2>{t("operations.errors")}</h2>
      {isPending && <Loading label={t("loading")} />}
      {error !== null && <ErrorNotice error={error} />}
      {data?.errors.length === 0 && <Empty title={t("operations.noErrors")} />}
      {data !== undefined && data.errors.length > 0 && (
        <DataTable
          label={t("operations.errors")}
          rows={data.errors}
          keyOf={({ requestId }) => requestId}
          searchText={(one) => `${one.status} ${one.code} ${one.operation} ${one.bucket} ${one.requestId}`}
          columns={[
            { id: "at", title: t("operations.at"), cell: ({ at }) => formatTime(at) },
            {
              id: "status",
              title: t("operations.status"),
              cell: ({ status }) => <span className={`state ${status >= 500 ? "bad" : ""}`}>{status}</span>,
            },
            { id: "code", title: t("operations.code"), cell: ({ code }) => <span className="code">{code}</span> },
            {
              id: "operation",
              title: t("operations.operation"),
              cell: ({ service, operation }) => (
                <span className="code">
                  {service}:{operation}
                </span>
              ),
            },
            { id: "bucket", title: t("bucket.title"), cell: ({ bucket }) => <bdi>{bucket}</bdi> },
            {
              id: "request",
              title: t("operations.requestId"),
              cell: ({ requestId }) => <span className="code">{requestId}</span>,
            },
          ]}
        />
      )}
    </>
  );
}
