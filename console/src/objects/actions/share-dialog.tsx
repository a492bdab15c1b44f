import { type ReactNode, useState } from "react";
import { nameOf } from "../../aws/keys.ts";
import { type ObjectRef, shareLink, uploadLink } from "../../aws/s3/objects.ts";
import { useClient } from "../../session/session.ts";
import { formatTime } from "../../text/format.ts";
import { useText } from "../../text/text.ts";
import { Button } from "../../ui/button.tsx";
import { FormDialog } from "../../ui/dialog.tsx";
import { Select, Switch, TextField } from "../../ui/fields.tsx";
import { Notice } from "../../ui/notice.tsx";
import { toast, toastError } from "../../ui/toasts.tsx";
import type { DialogsProps } from "./object-dialogs.tsx";

type Props = Omit<DialogsProps, "dialog">;

const EXPIRIES = { "3600": "share.hour", "86400": "share.day", "604800": "share.week" } as const;
type Expiry = keyof typeof EXPIRIES;

/** A link by which anybody reads the object until it expires. */
export function ShareDialog({ from, onClose }: Props & { from: ObjectRef }) {
  const t = useText();
  const client = useClient();
  const [isDownload, setDownload] = useState(false);
  const make = (expiresSeconds: number) =>
    shareLink(client, from, { expiresSeconds, ...(isDownload ? { saveAs: nameOf(from.key) } : {}) });
  return (
    <LinkDialog
      title={t("share.title")}
      onClose={onClose}
      make={make}
      madeOf={String(isDownload)}
      warning={t("share.warning")}
    >
      <Switch isSelected={isDownload} onChange={setDownload}>
        {t("share.download")}
      </Switch>
    </LinkDialog>
  );
}

/** A link to which anybody may upload one object until it expires. */
export function UploadLinkDialog({ bucket, prefix, onClose }: Props) {
  const t = useText();
  const client = useClient();
  const [key, setKey] = useState(prefix);
  const make = (expiresSeconds: number) => uploadLink(client, { bucket, key }, expiresSeconds);
  return (
    <LinkDialog
      title={t("share.upload")}
      onClose={onClose}
      make={make}
      madeOf={key}
      warning={t("share.uploadWarning")}
      hasCommand
    >
      <TextField name="key" label={t("copy.key")} value={key} onChange={setKey} isRequired isCode autoFocus />
    </LinkDialog>
  );
}

interface LinkDialogProps {
  title: string;
  warning: string;
  make: (expiresSeconds: number) => Promise<string>;
  /** What is chosen for the link: one that was made of something else is not shown. */
  madeOf: string;
  onClose: () => void;
  hasCommand?: boolean;
  children: ReactNode;
}

function LinkDialog({ title, warning, make, madeOf, onClose, hasCommand = false, children }: LinkDialogProps) {
  const t = useText();
  const [expiry, setExpiry] = useState<Expiry>("86400");
  const [made, setMade] = useState<{ url: string; untilMs: number; of: string } | null>(null);
  const chosen = `${expiry} ${madeOf}`;
  const link = made?.of === chosen ? made : null;
  const create = async () => {
    const seconds = Number(expiry);
    setMade({ url: await make(seconds), untilMs: Date.now() + 1000 * seconds, of: chosen });
  };
  const shown = link && (hasCommand ? `curl -T FILE '${link.url}'` : link.url);
  return (
    <FormDialog title={title} submit={t("share.create")} isOpen onClose={onClose} staysOpen onSubmit={create}>
      {children}
      <Select
        label={t("share.expiry")}
        value={expiry}
        options={Object.entries(EXPIRIES).map(([value, label]) => ({ value: value as Expiry, label: t(label) }))}
        onChange={setExpiry}
      />
      <Notice tone="info">{warning}</Notice>
      {link && shown && (
        <>
          <TextField
            label={t("share.link")}
            value={shown}
            isReadOnly
            isCode
            rows={4}
            hint={t("share.until", { time: formatTime(link.untilMs) })}
          />
          <Button
            icon="copy"
            onPress={() => void navigator.clipboard.writeText(shown).then(() => toast(t("share.copied")), toastError)}
          >
            {t("share.copy")}
          </Button>
        </>
      )}
    </FormDialog>
  );
}
