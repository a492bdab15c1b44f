import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { hrefOf } from "../../app/address.ts";
import { deleteObjects } from "../../aws/s3/delete.ts";
import { type Entry, versionsOf } from "../../aws/s3/list.ts";
import { copyObject, type ObjectRef } from "../../aws/s3/objects.ts";
import { queries, useClient } from "../../session/session.ts";
import { formatBytes, formatTime } from "../../text/format.ts";
import { text, useText } from "../../text/text.ts";
import { IconButton } from "../../ui/button.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { FormDialog } from "../../ui/dialog.tsx";
import { ErrorNotice } from "../../ui/error-notice.tsx";
import { Menu, type MenuAction } from "../../ui/menu.tsx";
import { Loading, Notice } from "../../ui/notice.tsx";
import { toast, toastError } from "../../ui/toasts.tsx";
import { labelOfVersion } from "../list/object-list.tsx";
import { CompareDialog } from "./compare-dialog.tsx";

/** All versions of a key, the newest first, with delete markers. */
export function VersionsPanel({ of }: { of: ObjectRef }) {
  const t = useText();
  const client = useClient();
  const [removing, setRemoving] = useState<Entry | null>(null);
  const [comparing, setComparing] = useState<Entry | null>(null);
  const { bucket, key } = of;
  const { data, error, refetch } = useQuery({
    queryKey: ["objects", bucket, "versions", key],
    queryFn: () => versionsOf(client, bucket, key),
  });
  if (error !== null) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading label={t("loading")} />;
  const changed = () => queries.invalidateQueries({ queryKey: ["objects", bucket] });
  const restore = async (entry: Entry) => {
    await copyObject(client, { bucket, key, versionId: entry.versionId }, { bucket, key }, { mayReplace: true });
    await changed();
    toast(text("versions.restored"));
  };
  const current = data.find(({ kind, isLatest }) => isLatest && kind === "object");
  const actionsOf = (entry: Entry): MenuAction[] => [
    ...(entry.kind === "object" && !entry.isLatest
      ? [
          {
            id: "restore",
            label: t("versions.restore"),
            icon: "undo" as const,
            onAction: () => void restore(entry).catch(toastError),
          },
        ]
      : []),
    ...(entry.kind === "object" && current && !entry.isLatest
      ? [{ id: "compare", label: t("versions.compare"), icon: "search" as const, onAction: () => setComparing(entry) }]
      : []),
    {
      id: "delete",
      label: t(entry.kind === "marker" ? "versions.removeMarker" : "versions.delete"),
      icon: "trash",
      isDangerous: true,
      onAction: () => setRemoving(entry),
    },
  ];
  return (
    <>
      <DataTable
        label={t("details.versions")}
        rows={data}
        keyOf={({ versionId = "" }) => versionId}
        searchText={({ versionId, modifiedMs }) => `${versionId} ${formatTime(modifiedMs)}`}
        columns={[
          { id: "version", title: t("properties.version"), cell: (entry) => <Version of={of} entry={entry} /> },
          { id: "modified", title: t("objects.modified"), cell: ({ modifiedMs }) => formatTime(modifiedMs) },
          {
            id: "size",
            title: t("objects.size"),
            cell: ({ kind, sizeBytes }) => kind === "object" && formatBytes(sizeBytes),
          },
          {
            id: "actions",
            title: t("objects.actions"),
            isTitleHidden: true,
            cell: (entry) => {
              const label = t("objects.actionsOf", { name: entry.versionId ?? "" });
              const trigger = <IconButton icon="more" label={label} />;
              return <Menu label={label} actions={actionsOf(entry)} trigger={trigger} />;
            },
          },
        ]}
      />
      {removing && (
        <FormDialog
          title={t(removing.kind === "marker" ? "versions.removeMarker" : "versions.delete")}
          submit={t("action.delete")}
          isDangerous
          isOpen
          onClose={() => setRemoving(null)}
          onSubmit={async () => {
            await deleteObjects(client, bucket, [{ key, versionId: removing.versionId }]);
            await changed();
          }}
        >
          <Notice tone="warning">{t(removing.kind === "marker" ? "versions.markerEffect" : "delete.permanent")}</Notice>
        </FormDialog>
      )}
      {comparing && current && (
        <CompareDialog bucket={bucket} older={comparing} newer={current} onClose={() => setComparing(null)} />
      )}
    </>
  );
}

function Version({ of: { bucket, key }, entry }: { of: ObjectRef; entry: Entry }) {
  const t = useText();
  const { versionId } = entry;
  const search = { bucket, prefix: key.slice(0, key.lastIndexOf("/") + 1) || undefined, key, versionId };
  return (
    <>
      {entry.kind === "marker" ? (
        <span className="code">{versionId}</span>
      ) : (
        <a className="code" href={hrefOf("/objects", search)}>
          {versionId}
        </a>
      )}{" "}
      <span className="badge">{t(labelOfVersion(entry))}</span>
    </>
  );
}
