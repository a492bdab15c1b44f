import { visibleKey } from "../../aws/keys.ts";
import type { Entry } from "../../aws/s3/list.ts";
import { createFolder, type ObjectRef } from "../../aws/s3/objects.ts";
import { useClient } from "../../session/session.ts";
import { useText } from "../../text/text.ts";
import { FormDialog } from "../../ui/dialog.tsx";
import { TextField } from "../../ui/fields.tsx";
import type { ChosenFile } from "../upload/upload.ts";
import { CopyDialog, CopyManyDialog, RenameDialog } from "./copy-dialogs.tsx";
import { DeleteDialog } from "./delete-dialog.tsx";
import { ShareDialog, UploadLinkDialog } from "./share-dialog.tsx";
import { UploadDialog } from "./upload-dialog.tsx";

/** The dialog that is open, and what it is about. */
export type OpenDialog =
  | { kind: "upload"; files: readonly ChosenFile[] }
  | { kind: "folder" }
  | { kind: "delete"; entries: Entry[] }
  | { kind: "copy"; ref: ObjectRef }
  | { kind: "copyMany"; entries: Entry[] }
  | { kind: "rename"; ref: ObjectRef }
  | { kind: "share"; ref: ObjectRef }
  | { kind: "uploadLink" };

export interface DialogsProps {
  bucket: string;
  prefix: string;
  isVersioned: boolean;
  dialog: OpenDialog | null;
  onClose: () => void;
  onChanged: () => Promise<void>;
}

export function ObjectDialogs({ dialog, ...props }: DialogsProps) {
  if (dialog === null) return null;
  switch (dialog.kind) {
    case "upload":
      return <UploadDialog {...props} files={dialog.files} />;
    case "folder":
      return <FolderDialog {...props} />;
    case "delete":
      return <DeleteDialog {...props} entries={dialog.entries} />;
    case "copy":
      return <CopyDialog {...props} from={dialog.ref} />;
    case "copyMany":
      return <CopyManyDialog {...props} entries={dialog.entries} />;
    case "rename":
      return <RenameDialog {...props} from={dialog.ref} />;
    case "share":
      return <ShareDialog {...props} from={dialog.ref} />;
    case "uploadLink":
      return <UploadLinkDialog {...props} />;
  }
}

function FolderDialog({ bucket, prefix, onClose, onChanged }: Omit<DialogsProps, "dialog">) {
  const t = useText();
  const client = useClient();
  return (
    <FormDialog
      title={t("objects.newFolder")}
      submit={t("action.create")}
      isOpen
      onClose={onClose}
      onSubmit={async (form) => {
        await createFolder(client, bucket, `${prefix}${String(form.get("name")).replace(/\/+$/, "")}/`);
        await onChanged();
      }}
    >
      <TextField
        name="name"
        label={t("objects.folderName")}
        hint={t("objects.folderHint", { prefix: visibleKey(prefix) || "/" })}
        isRequired
        isCode
        autoFocus
      />
    </FormDialog>
  );
}
