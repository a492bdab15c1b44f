import { type FormEvent, type ReactNode, useState } from "react";
import { Dialog as AriaDialog } from "react-aria-components/Dialog";
import { Form } from "react-aria-components/Form";
import { Heading } from "react-aria-components/Heading";
import { Modal, ModalOverlay } from "react-aria-components/Modal";
import { useText } from "../text/text.ts";
import { Button, IconButton } from "./button.tsx";
import { ErrorNotice } from "./error-notice.tsx";

interface DialogProps {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  /** `wide`: a preview or a table. `side`: beside the list, on a wide screen. */
  size?: "normal" | "wide" | "side";
  children: ReactNode;
}

/** A dialog over the page. Escape and a press beside it close it, and focus goes back to where it was. */
export function Dialog({ title, isOpen, onClose, size = "normal", children }: DialogProps) {
  const t = useText();
  return (
    <ModalOverlay
      isOpen={isOpen}
      onOpenChange={(open) => open || onClose()}
      isDismissable
      className={`overlay ${size}`}
    >
      <Modal className={`modal ${size}`}>
        <AriaDialog className="dialog">
          <header>
            <Heading slot="title">
              <bdi>{title}</bdi>
            </Heading>
            <IconButton icon="close" label={t("action.close")} onPress={onClose} />
          </header>
          <div className="dialog-body">{children}</div>
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

interface FormDialogProps extends Omit<DialogProps, "children"> {
  submit: string;
  isDangerous?: boolean;
  isDisabled?: boolean;
  /** It shows what came of it. */
  staysOpen?: boolean;
  /** Closes the dialog if it resolves; what it throws is shown. */
  onSubmit: (data: FormData) => Promise<unknown>;
  children?: ReactNode;
}

/** A dialog with a form: it stays open, with what was typed, until the store has done what is asked. */
export function FormDialog({
  submit,
  isDangerous,
  isDisabled,
  staysOpen,
  onSubmit,
  children,
  ...dialog
}: FormDialogProps) {
  const t = useText();
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const send = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    setBusy(true);
    setError(null);
    try {
      await onSubmit(data);
      if (!staysOpen) dialog.onClose();
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  const close = () => {
    setError(null);
    dialog.onClose();
  };
  return (
    <Dialog {...dialog} onClose={close}>
      <Form className="stack" onSubmit={(event) => void send(event)}>
        {error !== null && <ErrorNotice error={error} />}
        {children}
        <footer className="dialog-actions">
          <Button onPress={close}>{t("action.cancel")}</Button>
          <Button
            type="submit"
            variant={isDangerous ? "danger" : "primary"}
            isPending={isBusy}
            isDisabled={isDisabled ?? false}
          >
            {submit}
          </Button>
        </footer>
      </Form>
    </Dialog>
  );
}
