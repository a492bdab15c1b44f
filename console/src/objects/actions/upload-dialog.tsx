import { useState } from "react";
import { isAddressable, keyBytes, visibleKey } from "../../aws/keys.ts";
import { useClient } from "../../session/session.ts";
import { formatBytes } from "../../text/format.ts";
import { useText } from "../../text/text.ts";
import { FormDialog } from "../../ui/dialog.tsx";
import { Switch } from "../../ui/fields.tsx";
import { Notice } from "../../ui/notice.tsx";
import { keyOfFile, OBJECT_BYTES_MAX } from "../upload/plan.ts";
import { type ChosenFile, uploadFiles } from "../upload/upload.ts";
import type { DialogsProps } from "./object-dialogs.tsx";

const KEY_BYTES_MAX = 1024;
const SHOWN_MAX = 5;

/** Says what will be uploaded where, before anything is sent. */
export function UploadDialog({
  bucket,
  prefix,
  isVersioned,
  files,
  onClose,
}: Omit<DialogsProps, "dialog"> & { files: readonly ChosenFile[] }) {
  const t = useText();
  const client = useClient();
  const [mayReplace, setMayReplace] = useState(isVersioned);
  const fits = ({ file, path }: ChosenFile) => {
    const key = keyOfFile(prefix, path);
    return keyBytes(key) <= KEY_BYTES_MAX && isAddressable(key) && file.size <= OBJECT_BYTES_MAX;
  };
  const good = files.filter(fits);
  const bytes = good.reduce((sum, { file }) => sum + file.size, 0);
  return (
    <FormDialog
      title={t("upload.title")}
      submit={t("upload.start")}
      isOpen
      isDisabled={good.length === 0}
      onClose={onClose}
      onSubmit={() => {
        void uploadFiles(client, { bucket, prefix, mayReplace }, good);
        return Promise.resolve();
      }}
    >
      <p>
        {t("upload.summary", {
          count: good.length,
          size: formatBytes(bytes),
          target: visibleKey(`${bucket}/${prefix}`),
        })}
      </p>
      <ul className="plain-list">
        {good.slice(0, SHOWN_MAX).map(({ path, file }) => (
          <li key={path}>
            <bdi>{visibleKey(path)}</bdi> <span className="quiet">{formatBytes(file.size)}</span>
          </li>
        ))}
        {good.length > SHOWN_MAX && <li>{t("upload.more", { count: good.length - SHOWN_MAX })}</li>}
      </ul>
      {good.length < files.length && (
        <Notice tone="warning">{t("upload.cannot", { count: files.length - good.length })}</Notice>
      )}
      <Switch isSelected={mayReplace} onChange={setMayReplace}>
        {t(isVersioned ? "upload.newVersions" : "upload.replace")}
      </Switch>
    </FormDialog>
  );
}
