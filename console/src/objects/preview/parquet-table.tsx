import { useQuery } from "@tanstack/react-query";
import { type Compressors, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import {
  decompressBrotli,
  decompressGzip,
  decompressLz4,
  decompressLz4Raw,
  decompressZstd,
} from "hyparquet-compressors";
import type { AwsClient } from "../../aws/client.ts";
import { getObject, type ObjectRef } from "../../aws/s3/objects.ts";
import { useClient } from "../../session/session.ts";
import { useText } from "../../text/text.ts";
import { ErrorNotice } from "../../ui/error-notice.tsx";
import { Loading } from "../../ui/notice.tsx";
import type { PanelProps } from "../details/details-dialog.tsx";
import { DataTable } from "./data-table.tsx";

const ROWS_MAX = 200;
/**
 * hyparquet has a decompressor of its own for Snappy. The package's is WebAssembly, which the page's policy forbids: `vite.config.ts` leaves it
 * out as long as nobody imports it, or `compressors`, which holds it.
 */
const DECOMPRESSORS: Compressors = {
  GZIP: decompressGzip,
  BROTLI: decompressBrotli,
  ZSTD: (input) => decompressZstd(input),
  LZ4: decompressLz4,
  LZ4_RAW: decompressLz4Raw,
};

/** The first rows of a Parquet file, of which only the ranges that hold them are read. */
export default function ParquetTable({ of, head }: PanelProps) {
  const t = useText();
  const client = useClient();
  const { data, error, refetch } = useQuery({
    queryKey: ["objects", of.bucket, "parquet", of.key, of.versionId, head.etag],
    queryFn: () => firstRows(client, of, head.sizeBytes),
  });
  if (error !== null) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading label={t("loading")} />;
  return <DataTable {...data} />;
}

async function firstRows(client: AwsClient, of: ObjectRef, sizeBytes: number) {
  const file = {
    byteLength: sizeBytes,
    slice: async (start: number, end = sizeBytes) =>
      (await getObject(client, of, `bytes=${start}-${end - 1}`)).arrayBuffer(),
  };
  const metadata = await parquetMetadataAsync(file);
  const count = Number(metadata.num_rows);
  const rows = await parquetReadObjects({
    file,
    metadata,
    compressors: DECOMPRESSORS,
    rowEnd: Math.min(count, ROWS_MAX),
  });
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return { head: names, rows: rows.map((row) => names.map((name) => shown(row[name]))), isCut: count > ROWS_MAX };
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== "object") return String(value);
  return JSON.stringify(value, (_, one: unknown) => (typeof one === "bigint" ? String(one) : one));
}
