import { confirmSubscription, type Topic } from "../aws/sns.ts";
import { queries, useClient } from "../session/session.ts";
import { useText } from "../text/text.ts";
import { FormDialog } from "../ui/dialog.tsx";
import { TextField } from "../ui/fields.tsx";

/** Confirms a subscription by the token that its endpoint was sent. */
export function ConfirmTokenDialog({ topic: { arn }, onClose }: { topic: Topic; onClose: () => void }) {
  const t = useText();
  const client = useClient();
  return (
    <FormDialog
      title={t("topics.confirm")}
      submit={t("topics.confirm")}
      isOpen
      onClose={onClose}
      onSubmit={async (form) => {
        await confirmSubscription(client, arn, String(form.get("token")).trim());
        await queries.invalidateQueries({ queryKey: ["topic", arn] });
      }}
    >
      <TextField name="token" label={t("topics.token")} hint={t("topics.tokenHint")} isRequired isCode autoFocus />
    </FormDialog>
  );
}
