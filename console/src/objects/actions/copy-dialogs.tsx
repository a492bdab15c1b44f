import { useState } from "react";
import type { AwsClient } from "../../aws/client.ts";
import { nameOf, visibleKey } from "../../aws/keys.ts";
import type { Entry } from "../../aws/s3/list.ts";
import { moveObject } from "../../aws/s3/move.ts";
import { copyObject, type ObjectRef, renameObject } from "../../aws/s3/objects.ts";
import { queries, useClient } from "../../session/session.ts";
import { runTask } from "../../tasks/tasks.ts";
import { text, useText } from "../../text/text.ts";
import { FormDialog } from "../../ui/dialog.tsx";
import { Switch, TextField } from "../../ui/fields.tsx";
import { toast } from "../../ui/toasts.tsx";
import type { DialogsProps } from "./object-dialogs.tsx";

type Props = Omit<DialogsProps, "dialog">;

/** A new name in the same bucket, in one step: no reader finds neither or both. */
export function RenameDialog({ bucket, from, onClose, onChanged }: Props & { from: ObjectRef }) {
  const t = useText();
  const client = useClient();
  return (
    <FormDialog
      title={t("rename.title")}
      submit={t("rename.submit")}
      isOpen
      onClose={onClose}
      onSubmit={async (form) => {
        await renameObject(client, bucket, from.key, String(form.get("key")));
        await onChanged();
        toast(text("rename.done"));
      }}
    >
      <TextField
        name="key"
        label={t("rename.key")}
        hint={t("rename.hint")}
        defaultValue={from.key}
        isRequired
        isCode
        autoFocus
      />
    </FormDialog>
  );
}

/** A copy, in any bucket; a move deletes the source once the copy is there. */
export function CopyDialog({ from, onClose, onChanged }: Props & { from: ObjectRef }) {
  const t = useText();
  const client = useClient();
  const [isMove, setMove] = useState(false);
  const [mayReplace, setMayReplace] = useState(false);
  return (
    <FormDialog
      title={t("copy.title")}
      submit={t(isMove ? "copy.move" : "copy.copy")}
      isOpen
      onClose={onClose}
      onSubmit={async (form) => {
        const to = { bucket: String(form.get("bucket")), key: String(form.get("key")) };
        await (isMove ? moveObject : copyObject)(client, from, to, { mayReplace });
        await Promise.all([onChanged(), queries.invalidateQueries({ queryKey: ["objects", to.bucket] })]);
        toast(text(isMove ? "copy.moved" : "copy.done", { key: visibleKey(`${to.bucket}/${to.key}`) }));
      }}
    >
      <TextField name="bucket" label={t("copy.bucket")} defaultValue={from.bucket} isRequired isCode />
      <TextField name="key" label={t("copy.key")} defaultValue={from.key} isRequired isCode autoFocus />
      <Switch isSelected={isMove} onChange={setMove}>
        {t("copy.isMove")}
      </Switch>
      <Switch isSelected={mayReplace} onChange={setMayReplace}>
        {t("copy.mayReplace")}
      </Switch>
    </FormDialog>
  );
}

/** The same for several, as a task. */
export function CopyManyDialog({ bucket, prefix, entries, onClose, onChanged }: Props & { entries: Entry[] }) {
  const t = useText();
  const client = useClient();
  const [isMove, setMove] = useState(false);
  return (
    <FormDialog
      title={t("copy.many")}
      submit={t(isMove ? "copy.move" : "copy.copy")}
      isOpen
      onClose={onClose}
      onSubmit={(form) => {
        const to = { bucket: String(form.get("bucket")), prefix: String(form.get("prefix")) };
        void copyAll(client, { bucket, entries, to, isMove }).then(onChanged);
        return Promise.resolve();
      }}
    >
      <p>{t("selection.count", { count: entries.length })}</p>
      <TextField name="bucket" label={t("copy.bucket")} defaultValue={bucket} isRequired isCode />
      <TextField
        name="prefix"
        label={t("copy.prefix")}
        hint={t("copy.prefixHint")}
        defaultValue={prefix}
        isCode
        autoFocus
      />
      <Switch isSelected={isMove} onChange={setMove}>
        {t("copy.isMove")}
      </Switch>
    </FormDialog>
  );
}

interface CopyAll {
  bucket: string;
  entries: Entry[];
  to: { bucket: string; prefix: string };
  isMove: boolean;
}

async function copyAll(client: AwsClient, { bucket, entries, to, isMove }: CopyAll): Promise<void> {
  const title = text(isMove ? "copy.movingMany" : "copy.copyingMany", { count: entries.length });
  await runTask(title, { total: entries.length }, async (task) => {
    for (const [index, { key, versionId }] of entries.entries()) {
      task.signal.throwIfAborted();
      const from = { bucket, key, versionId };
      await (isMove ? moveObject : copyObject)(client, from, { bucket: to.bucket, key: to.prefix + nameOf(key) });
      task.update({ done: index + 1 });
    }
  });
  await queries.invalidateQueries({ queryKey: ["objects", to.bucket] });
}
