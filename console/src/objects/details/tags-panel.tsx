import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { getTags, putTags, type Tags } from "../../aws/s3/objects.ts";
import { queries, useClient } from "../../session/session.ts";
import { text, useText } from "../../text/text.ts";
import { Button, IconButton } from "../../ui/button.tsx";
import { ErrorNotice } from "../../ui/error-notice.tsx";
import { TextField } from "../../ui/fields.tsx";
import { Loading } from "../../ui/notice.tsx";
import { toast } from "../../ui/toasts.tsx";
import type { PanelProps } from "./details-dialog.tsx";

const TAGS_MAX = 10;

/** Up to ten tags of a version. */
export function TagsPanel({ of }: PanelProps) {
  const t = useText();
  const client = useClient();
  const queryKey = ["objects", of.bucket, "tags", of.key, of.versionId];
  const { data, error, refetch } = useQuery({ queryKey, queryFn: () => getTags(client, of) });
  if (error !== null) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading label={t("loading")} />;
  const save = async (tags: Tags) => {
    await putTags(client, of, tags);
    await queries.invalidateQueries({ queryKey });
    toast(text("tags.saved"));
  };
  return <TagsForm key={JSON.stringify(data)} tags={data} onSave={save} />;
}

function TagsForm({ tags, onSave }: { tags: Tags; onSave: (tags: Tags) => Promise<void> }) {
  const t = useText();
  const [rows, setRows] = useState(tags.map(([key, value], id) => ({ id, key, value })));
  const [error, setError] = useState<unknown>(null);
  const change = (id: number, part: { key?: string; value?: string }) =>
    setRows(rows.map((row) => (row.id === id ? { ...row, ...part } : row)));
  const save = () => {
    setError(null);
    onSave(rows.filter(({ key }) => key !== "").map(({ key, value }) => [key, value])).catch(setError);
  };
  return (
    <div className="stack">
      {rows.length === 0 && <p className="quiet">{t("tags.none")}</p>}
      {rows.map(({ id, key, value }) => (
        <div key={id} className="tag-row">
          <TextField label={t("tags.key")} value={key} onChange={(typed) => change(id, { key: typed })} />
          <TextField label={t("tags.value")} value={value} onChange={(typed) => change(id, { value: typed })} />
          <IconButton
            icon="trash"
            label={t("tags.remove", { key })}
            onPress={() => setRows(rows.filter((row) => row.id !== id))}
          />
        </div>
      ))}
      {error !== null && <ErrorNotice error={error} />}
      <div className="actions">
        {rows.length < TAGS_MAX && (
          <Button
            icon="plus"
            onPress={() =>
              setRows([...rows, { id: Math.max(0, ...rows.map((row) => row.id)) + 1, key: "", value: "" }])
            }
          >
            {t("tags.add")}
          </Button>
        )}
        <Button variant="primary" onPress={save}>
          {t("action.save")}
        </Button>
      </div>
    </div>
  );
}
