import { useQuery } from "@tanstack/react-query";
import type { Entry } from "../../aws/s3/list.ts";
import { getObject } from "../../aws/s3/objects.ts";
import { useClient } from "../../session/session.ts";
import { formatBytes } from "../../text/format.ts";
import { useText } from "../../text/text.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { ErrorNotice } from "../../ui/error-notice.tsx";
import { Loading, Notice } from "../../ui/notice.tsx";
import { Scroller } from "../../ui/scroller.tsx";
import { type DiffLine, diffLines } from "./diff-lines.ts";

const COMPARED_BYTES_MAX = 256 * 1024;
const SIGNS = { same: " ", added: "+", removed: "−" } as const;

interface CompareProps {
  bucket: string;
  older: Entry;
  newer: Entry;
  onClose: () => void;
}

/** Two versions of a text, line by line. */
export function CompareDialog({ bucket, older, newer, onClose }: CompareProps) {
  const t = useText();
  const client = useClient();
  const isLarge = Math.max(older.sizeBytes, newer.sizeBytes) > COMPARED_BYTES_MAX;
  const { data, error } = useQuery({
    queryKey: ["objects", bucket, "compare", older.key, older.versionId, newer.versionId],
    enabled: !isLarge,
    queryFn: async () => {
      const both = [older, newer].map(({ key, versionId }) => getObject(client, { bucket, key, versionId }));
      const [before = "", after = ""] = await Promise.all(both.map(async (one) => (await one).text()));
      return diffLines(before, after);
    },
  });
  return (
    <Dialog title={t("versions.compare")} isOpen onClose={onClose} size="wide">
      {older.etag === newer.etag && <Notice tone="info">{t("compare.same")}</Notice>}
      {isLarge && <Notice tone="info">{t("compare.large", { size: formatBytes(COMPARED_BYTES_MAX) })}</Notice>}
      {error !== null && <ErrorNotice error={error} />}
      {!isLarge && error === null && data === undefined && <Loading label={t("loading")} />}
      {data === null && <Notice tone="info">{t("compare.many")}</Notice>}
      {data && (
        <Scroller className="diff code" label={t("versions.compare")}>
          {data.map((line) => (
            <DiffRow key={line.id} line={line} />
          ))}
        </Scroller>
      )}
    </Dialog>
  );
}

function DiffRow({ line: { kind, text: content } }: { line: DiffLine }) {
  return (
    <div className={kind}>
      <span>{SIGNS[kind]}</span> <bdi>{content}</bdi>
    </div>
  );
}
