import { useQuery } from "@tanstack/react-query";
import type { ObjectRef } from "../../aws/s3/objects.ts";
import { useClient } from "../../session/session.ts";
import { formatBytes, formatTime } from "../../text/format.ts";
import { isText, type TextKey, useText } from "../../text/text.ts";
import { DataTable } from "../../ui/data-table.tsx";
import { ErrorNotice } from "../../ui/error-notice.tsx";
import { Loading, Notice } from "../../ui/notice.tsx";

interface Shard {
  index: number;
  drive: string | null;
  domain: string | null;
  state: "good" | "missing" | "damaged";
  cause: string | null;
  verifiedAt: string | null;
}

interface PlacedBlob {
  id: string;
  isPack: boolean;
  k: number;
  m: number;
  objectBytes: number;
  shards: Shard[];
}

/** Members of `GET /-/placement` that are shown here. */
interface Placement {
  inlineBytes: number;
  drivesThatMayBeLost: number | null;
  blobs: PlacedBlob[];
  truncated: boolean;
}

/** Where each byte lies, and what may be lost before it is gone. */
export function PlacementPanel({ of }: { of: ObjectRef }) {
  const t = useText();
  const client = useClient();
  const { bucket, key, versionId } = of;
  const { data, error, refetch } = useQuery({
    queryKey: ["objects", bucket, "placement", key, versionId],
    queryFn: () => client.own<Placement>({ path: "/-/placement", query: { bucket, key, versionId } }),
  });
  if (error !== null) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading label={t("loading")} />;
  const { drivesThatMayBeLost: spare } = data;
  return (
    <div className="stack">
      {spare !== null && (
        <Notice tone={spare < 0 ? "danger" : spare === 0 ? "warning" : "success"}>
          {spare < 0 ? t("placement.lost") : t("placement.mayLose", { count: spare })}
        </Notice>
      )}
      {data.inlineBytes > 0 && <p>{t("placement.inline", { size: formatBytes(data.inlineBytes) })}</p>}
      {data.blobs.map((blob) => (
        <Blob key={blob.id} blob={blob} />
      ))}
      {data.truncated && <p className="quiet">{t("placement.truncated")}</p>}
    </div>
  );
}

function Blob({ blob }: { blob: PlacedBlob }) {
  const t = useText();
  const { k, m, objectBytes, isPack } = blob;
  return (
    <section>
      <h2 className="code">{blob.id}</h2>
      <p className="quiet">
        {t(isPack ? "placement.pack" : "placement.blob", { k, m, size: formatBytes(objectBytes) })}
      </p>
      <DataTable
        label={blob.id}
        rows={blob.shards}
        keyOf={({ index }) => String(index)}
        columns={[
          {
            id: "shard",
            title: t("placement.shard"),
            cell: ({ index }) => t(index < k ? "placement.data" : "placement.parity", { number: index + 1 }),
          },
          {
            id: "drive",
            title: t("placement.drive"),
            cell: ({ drive, domain }) => (
              <>
                <bdi>{drive ?? "–"}</bdi>
                {domain !== null && domain !== drive && <span className="quiet"> {domain}</span>}
              </>
            ),
          },
          {
            id: "state",
            title: t("placement.state"),
            cell: (shard) => (
              <>
                <span className={`badge ${shard.state}`}>{t(`placement.state.${shard.state}`)}</span>{" "}
                {causeOf(shard, t)}
              </>
            ),
          },
          {
            id: "verified",
            title: t("placement.verified"),
            cell: ({ verifiedAt }) => (verifiedAt === null ? t("placement.never") : formatTime(verifiedAt)),
          },
        ]}
      />
    </section>
  );
}

function causeOf({ cause }: Shard, t: (key: TextKey) => string): string {
  const key = `placement.cause.${cause}`;
  return cause !== null && isText(key) ? t(key) : "";
}
