import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { nameOf, visibleKey } from "../../aws/keys.ts";
import { getObject, shareLink } from "../../aws/s3/objects.ts";
import { useClient } from "../../session/session.ts";
import { formatBytes } from "../../text/format.ts";
import { useText } from "../../text/text.ts";
import { ErrorNotice } from "../../ui/error-notice.tsx";
import { Loading, Notice } from "../../ui/notice.tsx";
import type { PanelProps } from "../details/details-dialog.tsx";
import { mediaType, type PreviewKind, previewKind } from "./kinds.ts";

/** As much of a text as is shown: what is longer is cut, and a notice says so. */
const TEXT_BYTES_MAX = 1024 ** 2;
/** A film may be watched for that long. */
const LINK_SECONDS = 6 * 3600;

const CodeEditor = lazy(() => import("../../ui/code-editor.tsx"));
const CsvTable = lazy(() => import("./csv-table.tsx"));
const JsonTree = lazy(() => import("./json-tree.tsx"));
const MarkdownText = lazy(() => import("./markdown-text.tsx"));
const ParquetTable = lazy(() => import("./parquet-table.tsx"));

/** The object as it is meant to be looked at. */
export function Preview(props: PanelProps) {
  const t = useText();
  const { of, head } = props;
  const kind = previewKind(of.key, head.contentType);
  if (head.sizeBytes === 0) return <p className="quiet">{t("preview.empty")}</p>;
  return <Suspense fallback={<Loading label={t("loading")} />}>{content(kind, props)}</Suspense>;
}

function content(kind: PreviewKind, props: PanelProps) {
  switch (kind) {
    case "none":
      return <NoPreview />;
    case "image":
    case "video":
    case "audio":
    case "pdf":
      return <ByLink {...props} kind={kind} />;
    case "parquet":
      return <ParquetTable {...props} />;
    default:
      return <TextPreview {...props} kind={kind} />;
  }
}

function NoPreview() {
  const t = useText();
  return <p className="quiet">{t("preview.none")}</p>;
}

/** By a presigned link, so that the browser reads ranges as it needs them: seeking in a film reads what it seeks to. */
function ByLink({ of, head, kind }: PanelProps & { kind: "image" | "video" | "audio" | "pdf" }) {
  const t = useText();
  const client = useClient();
  const contentType = kind === "pdf" ? "application/pdf" : mediaType(of.key, head.contentType);
  const { data: url, error } = useQuery({
    queryKey: ["objects", of.bucket, "link", of.key, of.versionId, head.etag],
    queryFn: () => shareLink(client, of, { expiresSeconds: LINK_SECONDS, contentType }),
    staleTime: (LINK_SECONDS * 1000) / 2,
  });
  if (error !== null) return <ErrorNotice error={error} />;
  if (url === undefined) return <Loading label={t("loading")} />;
  const name = visibleKey(nameOf(of.key));
  switch (kind) {
    case "image":
      return <img className="preview-media" src={url} alt={name} />;
    case "video":
      // biome-ignore lint/a11y/useMediaCaption: captions are in the film, if it has any
      return <video className="preview-media" src={url} controls aria-label={name} />;
    case "audio":
      // biome-ignore lint/a11y/useMediaCaption: the store knows none
      return <audio className="preview-media" src={url} controls aria-label={name} />;
    case "pdf":
      return <iframe className="preview-pdf" src={url} title={name} />;
  }
}

function TextPreview({ of, head, kind }: PanelProps & { kind: "markdown" | "json" | "csv" | "text" }) {
  const t = useText();
  const client = useClient();
  const isCut = head.sizeBytes > TEXT_BYTES_MAX;
  const { data, error, refetch } = useQuery({
    queryKey: ["objects", of.bucket, "text", of.key, of.versionId, head.etag],
    queryFn: async ({ signal }) =>
      (await getObject(client, of, isCut ? `bytes=0-${TEXT_BYTES_MAX - 1}` : undefined, signal)).text(),
  });
  if (error !== null) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading label={t("loading")} />;
  return (
    <div className="stack">
      {isCut && <Notice tone="info">{t("preview.cut", { size: formatBytes(TEXT_BYTES_MAX) })}</Notice>}
      <TextAs kind={isCut && kind === "json" ? "text" : kind} value={data} name={visibleKey(nameOf(of.key))} />
    </div>
  );
}

function TextAs({ kind, value, name }: { kind: "markdown" | "json" | "csv" | "text"; value: string; name: string }) {
  switch (kind) {
    case "markdown":
      return <MarkdownText value={value} />;
    case "json":
      return <JsonTree value={value} />;
    case "csv":
      return <CsvTable value={value} />;
    case "text":
      return <CodeEditor value={value} label={name} isReadOnly />;
  }
}
