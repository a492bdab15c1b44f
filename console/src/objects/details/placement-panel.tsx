import { useQuery } from "@tanstack/react-query";
import type { ObjectRef } from "../../aws/s3/objects.ts";
import { useClient } from "../../session/session.ts";
import { formatBytes, formatTime } from "../../text/format.ts";
import { isText, type TextKey, useText } from "../../text/text.ts";
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
  sizeBytes: number;
  objectBytes: number;
  goodShards: number;
  spareShards: number;
  shards: Shard[];
}

/** Answer of `GET /-/placement`; see docs/console.md. */
interface Placement {
  sizeBytes: number;
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
      <div className="scroll-x">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{t("placement.shard")}</th>
              <th scope="col">{t("placement.drive")}</th>
              <th scope="col">{t("placement.state")}</th>
              <th scope="col">{t("placement.verified")}</th>
            </tr>
          </thead>
          <tbody>
            {blob.shards.map((shard) => (
              <tr key={shard.index}>
                <td>{t(shard.index < k ? "placement.data" : "placement.parity", { number: shard.index + 1 })}</td>
                <td>
                  <bdi>{shard.drive ?? "–"}</bdi>
                  {shard.domain !== null && shard.domain !== shard.drive && (
                    <span className="quiet"> {shard.domain}</span>
                  )}
                </td>
                <td>
                  <span className={`badge ${shard.state}`}>{t(`placement.state.${shard.state}`)}</span>{" "}
                  {causeOf(shard, t)}
                </td>
                <td>{shard.verifiedAt === null ? t("placement.never") : formatTime(shard.verifiedAt)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function causeOf({ cause }: Shard, t: (key: TextKey) => string): string {
  const key = `placement.cause.${cause}`;
  return cause !== null && isText(key) ? t(key) : "";
}
