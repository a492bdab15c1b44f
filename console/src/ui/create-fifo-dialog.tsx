import { useState } from "react";
import { useText } from "../text/text.ts";
import { FormDialog } from "./dialog.tsx";
import { Switch, TextField } from "./fields.tsx";

/** Asks for the name of a queue or topic, and whether it is a FIFO one, whose name ends with `.fifo`. */
export function CreateFifoDialog({
  title,
  hint,
  fifo,
  isOpen,
  onClose,
  onCreate,
}: {
  title: string;
  /** What a name may be. */
  hint: string;
  /** What FIFO means. */
  fifo: string;
  isOpen: boolean;
  onClose: () => void;
  onCreate: (name: string, isFifo: boolean) => Promise<unknown>;
}) {
  const t = useText();
  const [isFifo, setFifo] = useState(false);
  const submit = (form: FormData) => {
    const typed = String(form.get("name"));
    return onCreate(isFifo && !typed.endsWith(".fifo") ? `${typed}.fifo` : typed, isFifo);
  };
  return (
    <FormDialog title={title} submit={title} isOpen={isOpen} onClose={onClose} onSubmit={submit}>
      <TextField name="name" label={t("access.name")} hint={hint} isRequired isCode autoFocus />
      <Switch isSelected={isFifo} onChange={setFifo}>
        {fifo}
      </Switch>
    </FormDialog>
  );
}
