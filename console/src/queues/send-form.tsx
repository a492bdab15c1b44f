import { useState } from "react";
import { type Queue, sendMessage } from "../aws/sqs.ts";
import { queries, useClient } from "../session/session.ts";
import { useText } from "../text/text.ts";
import { TextField } from "../ui/fields.tsx";
import { SaveForm } from "../ui/save-form.tsx";
import { Section } from "../ui/section.tsx";

export function SendForm({ queue: { url, isFifo } }: { queue: Queue }) {
  const t = useText();
  const client = useClient();
  const [body, setBody] = useState("");
  const [group, setGroup] = useState("default");
  const send = async () => {
    await sendMessage(client, url, isFifo ? { body, group } : { body });
    // What was typed meanwhile stays.
    setBody((typed) => (typed === body ? "" : typed));
    await queries.invalidateQueries({ queryKey: ["queue", url] });
  };
  return (
    <Section title={t("queues.send")}>
      <SaveForm submit={t("queues.send")} done={t("queues.wasSent")} onSave={send} isDisabled={body === ""}>
        <TextField label={t("queues.body")} value={body} onChange={setBody} rows={4} isCode />
        {isFifo && <TextField label={t("queues.group")} value={group} onChange={setGroup} isRequired isCode />}
      </SaveForm>
    </Section>
  );
}
