import { type ReactNode, useState } from "react";
import { visibleKey } from "../aws/keys.ts";
import { useText } from "../text/text.ts";
import { FormDialog } from "./dialog.tsx";
import { TextField } from "./fields.tsx";
import { Notice } from "./notice.tsx";

/** Asks for the name of what is about to be destroyed. Spaces at its ends need not be typed. */
export function ConfirmDialog({
  title,
  name,
  submit,
  isOpen,
  onClose,
  onConfirm,
  children,
}: {
  title: string;
  name: string;
  submit: string;
  isOpen: boolean;
  onClose: () => void;
  onConfirm: () => Promise<unknown>;
  /** What will be gone. */
  children: ReactNode;
}) {
  const t = useText();
  const [typed, setTyped] = useState("");
  const close = () => {
    setTyped("");
    onClose();
  };
  // A name that cannot be typed is typed as it is shown.
  const isName = [name.trim(), visibleKey(name)].includes(typed.trim());
  return (
    <FormDialog
      title={title}
      submit={submit}
      isOpen={isOpen}
      onClose={close}
      isDangerous
      isDisabled={!isName}
      onSubmit={onConfirm}
    >
      <Notice tone="warning">{children}</Notice>
      <p>
        {t("confirm.type")} <bdi className="code">{visibleKey(name)}</bdi>
      </p>
      <TextField label={t("confirm.name")} value={typed} onChange={setTyped} isCode autoComplete="off" autoFocus />
    </FormDialog>
  );
}
