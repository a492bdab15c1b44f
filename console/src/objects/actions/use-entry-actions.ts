import { useGo } from "../../app/address.ts";
import { isAddressable } from "../../aws/keys.ts";
import type { Entry } from "../../aws/s3/list.ts";
import { useClient } from "../../session/session.ts";
import { useText } from "../../text/text.ts";
import type { MenuAction } from "../../ui/menu.tsx";
import { toastError } from "../../ui/toasts.tsx";
import { downloadObject } from "../download/download-object.ts";
import { downloadZip } from "../download/zip.ts";
import type { OpenDialog } from "./object-dialogs.tsx";

/** What may be done with a row. A key that no URL can name is copied, renamed and deleted only: those name it elsewhere. */
export function useEntryActions({
  bucket,
  prefix,
  open,
}: {
  bucket: string;
  prefix: string;
  open: (dialog: OpenDialog) => void;
}) {
  const t = useText();
  const go = useGo();
  const client = useClient();
  return (entry: Entry): MenuAction[] => {
    const { key, kind, versionId } = entry;
    const remove: MenuAction = {
      id: "delete",
      label: t(kind === "marker" ? "versions.removeMarker" : "action.delete"),
      icon: "trash",
      isDangerous: true,
      onAction: () => open({ kind: "delete", entries: [entry] }),
    };
    if (kind === "marker") return [remove];
    const zip = () => void downloadZip(client, { bucket, prefix, entries: [entry] });
    if (kind === "prefix") return [{ id: "zip", label: t("download.zip"), icon: "download", onAction: zip }, remove];
    const ref = { bucket, key, versionId };
    const copy: MenuAction = {
      id: "copy",
      label: t("copy.title"),
      icon: "copy",
      onAction: () => open({ kind: "copy", ref }),
    };
    const rename: MenuAction = {
      id: "rename",
      label: t("rename.title"),
      icon: "arrow",
      onAction: () => open({ kind: "rename", ref }),
    };
    if (!isAddressable(key)) return [copy, rename, remove];
    return [
      {
        id: "open",
        label: t("objects.details"),
        icon: "info",
        onAction: () => go("/objects", { bucket, prefix, key, versionId }),
      },
      {
        id: "download",
        label: t("download.one"),
        icon: "download",
        onAction: () => void downloadObject(client, ref).catch(toastError),
      },
      { id: "share", label: t("share.title"), icon: "link", onAction: () => open({ kind: "share", ref }) },
      copy,
      ...(versionId === undefined ? [rename] : []),
      remove,
    ];
  };
}
