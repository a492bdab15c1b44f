import { type FormEvent, type ReactNode, useState } from "react";
import { Form } from "react-aria-components/Form";
import { useText } from "../text/text.ts";
import { Button } from "./button.tsx";
import { ErrorNotice } from "./error-notice.tsx";
import { toast } from "./toasts.tsx";

/** A form within a page: it keeps what was typed until the store has taken it. */
export function SaveForm({
  onSave,
  submit,
  done,
  isDisabled = false,
  children,
  more,
}: {
  /** What it throws is shown. */
  onSave: (data: FormData) => Promise<unknown>;
  submit?: string;
  /** Said when it is done. */
  done?: string;
  isDisabled?: boolean;
  children: ReactNode;
  /** Buttons beside the first. */
  more?: ReactNode;
}) {
  const t = useText();
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const send = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await onSave(new FormData(event.currentTarget));
      toast(done ?? t("form.saved"));
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Form className="stack" onSubmit={(event) => void send(event)}>
      {children}
      {error !== null && <ErrorNotice error={error} />}
      <div className="actions">
        <Button type="submit" variant="primary" isPending={isBusy} isDisabled={isDisabled}>
          {submit ?? t("form.save")}
        </Button>
        {more}
      </div>
    </Form>
  );
}
