import { useState } from "react";
import { publish, type Topic } from "../aws/sns.ts";
import { useClient } from "../session/session.ts";
import { useText } from "../text/text.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { TextField } from "../ui/fields.tsx";
import { SaveForm } from "../ui/save-form.tsx";
import { Section } from "../ui/section.tsx";

interface Attribute {
  id: number;
  name: string;
  value: string;
}

/** Publishes a message, with attributes that filter policies look at. */
export function PublishForm({ topic: { arn, isFifo } }: { topic: Topic }) {
  const t = useText();
  const client = useClient();
  const [message, setMessage] = useState("");
  const [subject, setSubject] = useState("");
  const [group, setGroup] = useState("default");
  const [attributes, setAttributes] = useState<readonly Attribute[]>([]);
  const change = (id: number, given: Partial<Attribute>) =>
    setAttributes(attributes.map((one) => (one.id === id ? { ...one, ...given } : one)));
  const send = async () => {
    await publish(client, arn, { message, subject, attributes, ...(isFifo ? { group } : {}) });
    // What was typed meanwhile stays.
    setMessage((typed) => (typed === message ? "" : typed));
  };
  return (
    <Section title={t("topics.publish")}>
      <SaveForm submit={t("topics.publish")} done={t("topics.published")} onSave={send} isDisabled={message === ""}>
        <TextField label={t("topics.subject")} value={subject} onChange={setSubject} maxLength={100} />
        <TextField label={t("queues.body")} value={message} onChange={setMessage} rows={4} isCode />
        {isFifo && <TextField label={t("queues.group")} value={group} onChange={setGroup} isRequired isCode />}
        {attributes.map(({ id, name, value }) => (
          <div key={id} className="tag-row">
            <TextField
              label={t("topics.attribute")}
              value={name}
              onChange={(text) => change(id, { name: text })}
              isRequired
              isCode
            />
            <TextField
              label={t("topics.attributeValue")}
              value={value}
              onChange={(text) => change(id, { value: text })}
              isRequired
              isCode
            />
            <IconButton
              icon="trash"
              label={t("topics.removeAttribute", { name })}
              onPress={() => setAttributes(attributes.filter((one) => one.id !== id))}
            />
          </div>
        ))}
        <div className="actions">
          <Button
            variant="link"
            onPress={() => setAttributes([...attributes, { id: Date.now() + attributes.length, name: "", value: "" }])}
          >
            {t("topics.addAttribute")}
          </Button>
        </div>
      </SaveForm>
    </Section>
  );
}
