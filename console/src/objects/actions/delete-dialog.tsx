import type { AwsClient } from "../../aws/client.ts";
import { visibleKey } from "../../aws/keys.ts";
import { deleteObjects } from "../../aws/s3/delete.ts";
import { type Entry, listPage, PAGE_KEYS } from "../../aws/s3/list.ts";
import { useClient } from "../../session/session.ts";
import { runTask, type TaskHandle } from "../../tasks/tasks.ts";
import { text, useText } from "../../text/text.ts";
import { FormDialog } from "../../ui/dialog.tsx";
import { Notice } from "../../ui/notice.tsx";
import { toast, toastError } from "../../ui/toasts.tsx";
import { DeletedSoFar } from "./deleted-so-far.ts";
import type { DialogsProps } from "./object-dialogs.tsx";

const SHOWN_MAX = 8;

/** Deletes what is chosen, and all below a chosen prefix. In a bucket with versions it can be undone. */
export function DeleteDialog({
  bucket,
  isVersioned,
  entries,
  onClose,
  onChanged,
}: Omit<DialogsProps, "dialog"> & { entries: Entry[] }) {
  const t = useText();
  const client = useClient();
  const hasPrefix = entries.some(({ kind }) => kind === "prefix");
  const isPermanent = !isVersioned || entries.some(({ versionId }) => versionId !== undefined);
  const isMarker = entries.every(({ kind }) => kind === "marker");
  const remove = async () => {
    const deleted = new DeletedSoFar();
    const undo = () => void deleteObjects(client, bucket, deleted.markers).then(onChanged, toastError);
    void runTask(text("delete.task", { count: entries.length }), {}, async (task) => {
      try {
        for (const entry of entries.filter(({ kind }) => kind === "prefix")) {
          await deleteBelow(client, { bucket, prefix: entry.key, task, deleted });
        }
        const refs = entries.filter(({ kind }) => kind !== "prefix").map(({ key, versionId }) => ({ key, versionId }));
        for (let at = 0; at < refs.length; at += PAGE_KEYS) {
          task.signal.throwIfAborted();
          deleted.add(await deleteObjects(client, bucket, refs.slice(at, at + PAGE_KEYS)));
          task.update({ done: deleted.count });
        }
      } finally {
        await onChanged();
      }
    }).then((isDone) => {
      if (!isDone) return;
      const action = deleted.markers.length > 0 ? { label: text("delete.undo"), onPress: undo } : undefined;
      toast(text("delete.done", { count: deleted.count }), action);
    });
  };
  return (
    <FormDialog
      title={t(isMarker ? "versions.removeMarker" : "delete.title")}
      submit={t(isMarker ? "versions.removeMarker" : "action.delete")}
      isDangerous
      isOpen
      onClose={onClose}
      onSubmit={remove}
    >
      <ul className="plain-list">
        {entries.slice(0, SHOWN_MAX).map(({ key, versionId = "" }) => (
          <li key={key + versionId}>
            <bdi>{visibleKey(key)}</bdi> <span className="quiet">{versionId}</span>
          </li>
        ))}
        {entries.length > SHOWN_MAX && <li>{t("upload.more", { count: entries.length - SHOWN_MAX })}</li>}
      </ul>
      {hasPrefix && <Notice tone="warning">{t("delete.below")}</Notice>}
      {!isMarker && (
        <Notice tone={isPermanent ? "warning" : "info"}>
          {t(isPermanent ? "delete.permanent" : "delete.canUndo")}
        </Notice>
      )}
    </FormDialog>
  );
}

interface Below {
  bucket: string;
  prefix: string;
  task: TaskHandle;
  deleted: DeletedSoFar;
}

/** Page by page, each from the beginning: what was listed is gone by then. */
async function deleteBelow(client: AwsClient, { bucket, prefix, task, deleted }: Below): Promise<void> {
  const listing = { bucket, prefix, delimiter: "", versions: false };
  for (;;) {
    task.signal.throwIfAborted();
    const { entries } = await listPage(client, listing, null, task.signal);
    if (entries.length === 0) return;
    const refs = entries.map(({ key }) => ({ key }));
    deleted.add(await deleteObjects(client, bucket, refs));
    task.update({ done: deleted.count });
  }
}
