import { useState } from "react";
import { visibleKey } from "../../aws/keys.ts";
import { copyObject, SYSTEM_HEADERS } from "../../aws/s3/objects.ts";
import { queries, useClient } from "../../session/session.ts";
import { formatBytes, formatNumber, formatTime } from "../../text/format.ts";
import { text, useText } from "../../text/text.ts";
import { Button } from "../../ui/button.tsx";
import { FormDialog } from "../../ui/dialog.tsx";
import { TextField } from "../../ui/fields.tsx";
import { toast } from "../../ui/toasts.tsx";
import type { PanelProps } from "./details-dialog.tsx";

/** What the store keeps with the bytes. */
export function PropertiesPanel({ of, head }: PanelProps) {
  const t = useText();
  const [isEditing, setEditing] = useState(false);
  const facts: [string, string | null][] = [
    [t("properties.key"), visibleKey(of.key)],
    [
      t("objects.size"),
      t("properties.bytes", { size: formatBytes(head.sizeBytes), bytes: formatNumber(head.sizeBytes) }),
    ],
    [t("objects.modified"), formatTime(head.modifiedMs)],
    [t("properties.etag"), head.etag],
    [t("properties.version"), head.versionId],
    [t("objects.storageClass"), head.storageClass],
    [t("properties.encryption"), head.encryption],
    ...head.checksums.map(({ algorithm, value }): [string, string] => [t("properties.checksum", { algorithm }), value]),
    [t("properties.checksumType"), head.checksumType],
    ...Object.entries(head.system).map(([name, value]): [string, string] => [name, value]),
    ...Object.entries(head.metadata).map(([name, value]): [string, string] => [`x-amz-meta-${name}`, value]),
  ];
  return (
    <>
      <dl className="facts">
        {facts.map(([name, value]) =>
          value === null ? null : (
            <div key={name} className="fact">
              <dt>{name}</dt>
              <dd>
                <bdi>{value}</bdi>
              </dd>
            </div>
          ),
        )}
      </dl>
      {of.versionId === undefined && <Button onPress={() => setEditing(true)}>{t("properties.edit")}</Button>}
      {isEditing && <EditMetadata of={of} head={head} onClose={() => setEditing(false)} />}
    </>
  );
}

/** By a copy of the object onto itself, which is how S3 changes metadata: no byte is moved. */
function EditMetadata({ of, head, onClose }: PanelProps & { onClose: () => void }) {
  const t = useText();
  const client = useClient();
  const lines = Object.entries(head.metadata).map(([name, value]) => `${name}: ${value}`);
  const save = async (form: FormData) => {
    const headers: Record<string, string> = {};
    for (const name of SYSTEM_HEADERS) {
      const value = String(form.get(name) ?? "").trim();
      if (value !== "") headers[name] = value;
    }
    for (const line of String(form.get("metadata")).split("\n")) {
      const [, name, value = ""] = /^\s*([^\s:]+)\s*:\s*(.*?)\s*$/.exec(line) ?? [];
      if (name !== undefined) headers[`x-amz-meta-${name.toLowerCase()}`] = value;
    }
    const guard = { "x-amz-copy-source-if-match": head.etag };
    await copyObject(client, of, of, {
      headers: { ...headers, ...guard },
      storageClass: head.storageClass,
      mayReplace: true,
    });
    await queries.invalidateQueries({ queryKey: ["objects", of.bucket] });
    toast(text("properties.saved"));
  };
  return (
    <FormDialog title={t("properties.edit")} submit={t("action.save")} isOpen onClose={onClose} onSubmit={save}>
      {SYSTEM_HEADERS.map((name) => (
        <TextField key={name} name={name} label={name} defaultValue={head.system[name] ?? ""} isCode />
      ))}
      <TextField
        name="metadata"
        label={t("properties.metadata")}
        hint={t("properties.metadataHint")}
        defaultValue={lines.join("\n")}
        rows={5}
        isCode
      />
    </FormDialog>
  );
}
