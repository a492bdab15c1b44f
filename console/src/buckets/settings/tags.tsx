import { useState } from "react";
import { getTags, putTags, type Tag } from "../../aws/s3/bucket-settings.ts";
import { useClient } from "../../session/session.ts";
import { useText } from "../../text/text.ts";
import { Button, IconButton } from "../../ui/button.tsx";
import { TextField } from "../../ui/fields.tsx";
import { SaveForm } from "../../ui/save-form.tsx";
import { Loaded, Section } from "../../ui/section.tsx";
import { readAgain, settingKey } from "./setting.ts";

const TAGS_MAX = 50;

export function Tags({ bucket }: { bucket: string }) {
  const t = useText();
  const client = useClient();
  return (
    <Section title={t("bucket.tab.tags")} hint={t("bucket.tagsHint")}>
      <Loaded queryKey={settingKey(bucket, "tags")} read={() => getTags(client, bucket)}>
        {(tags) => (
          <TagsForm
            tags={tags}
            onSave={async (next) => {
              await putTags(client, bucket, next);
              await readAgain(bucket);
            }}
          />
        )}
      </Loaded>
    </Section>
  );
}

interface Row extends Tag {
  id: number;
}

function TagsForm({ tags, onSave }: { tags: readonly Tag[]; onSave: (tags: Tag[]) => Promise<void> }) {
  const t = useText();
  const [rows, setRows] = useState<Row[]>(() => tags.map((tag, id) => ({ ...tag, id })));
  const change = (id: number, part: Partial<Tag>) =>
    setRows(rows.map((row) => (row.id === id ? { ...row, ...part } : row)));
  return (
    <SaveForm
      onSave={() => onSave(rows.map(({ key, value }) => ({ key, value })))}
      more={
        <Button
          icon="plus"
          isDisabled={rows.length >= TAGS_MAX}
          onPress={() => setRows([...rows, { id: Math.max(-1, ...rows.map(({ id }) => id)) + 1, key: "", value: "" }])}
        >
          {t("bucket.tagAdd")}
        </Button>
      }
    >
      {rows.length === 0 && <p>{t("bucket.noTags")}</p>}
      {rows.map(({ id, key, value }) => (
        <div key={id} className="tag-row">
          <TextField
            label={t("bucket.tagKey")}
            value={key}
            onChange={(next) => change(id, { key: next })}
            isRequired
            maxLength={128}
          />
          <TextField
            label={t("bucket.tagValue")}
            value={value}
            onChange={(next) => change(id, { value: next })}
            maxLength={256}
          />
          <IconButton
            icon="trash"
            label={t("bucket.tagRemove", { key })}
            onPress={() => setRows(rows.filter((row) => row.id !== id))}
          />
        </div>
      ))}
    </SaveForm>
  );
}
