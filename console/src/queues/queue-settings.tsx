import { useState } from "react";
import { type Attributes, listQueues, type Queue, queueAttributes, setQueueAttributes } from "../aws/sqs.ts";
import { queries, useClient } from "../session/session.ts";
import { useText } from "../text/text.ts";
import { Select, TextField } from "../ui/fields.tsx";
import { SaveForm } from "../ui/save-form.tsx";
import { Loaded, Section } from "../ui/section.tsx";

/** Times in seconds, as SQS has them. */
const TIMES = ["VisibilityTimeout", "MessageRetentionPeriod", "DelaySeconds", "ReceiveMessageWaitTimeSeconds"] as const;
const RECEIVES_DEFAULT = "5";

export function QueueSettings({ queue, attributes }: { queue: Queue; attributes: Attributes }) {
  const t = useText();
  const client = useClient();
  return (
    <Section title={t("bucket.settings")}>
      <Loaded queryKey={["queues"]} read={() => listQueues(client)}>
        {(queues) => (
          <SettingsForm
            queue={queue}
            attributes={attributes}
            others={queues.filter(({ url, isFifo }) => url !== queue.url && isFifo === queue.isFifo)}
          />
        )}
      </Loaded>
    </Section>
  );
}

function SettingsForm({
  queue: { url },
  attributes,
  others,
}: {
  queue: Queue;
  attributes: Attributes;
  others: readonly Queue[];
}) {
  const t = useText();
  const client = useClient();
  const redrive = redriveOf(attributes.RedrivePolicy);
  const target = others.find(({ name }) => redrive?.deadLetterTargetArn.endsWith(`:${name}`))?.url ?? "";
  const [times, setTimes] = useState<Attributes>(() =>
    Object.fromEntries(TIMES.map((name) => [name, attributes[name] ?? ""])),
  );
  const [deadLetters, setDeadLetters] = useState(target);
  const [receives, setReceives] = useState(String(redrive?.maxReceiveCount ?? RECEIVES_DEFAULT));
  const save = async () => {
    // Asked for only if it changes, because its ARN must be asked for.
    const isSame = deadLetters === target && (target === "" || receives === String(redrive?.maxReceiveCount));
    const policy = isSame ? {} : { RedrivePolicy: await policyOf() };
    await setQueueAttributes(client, url, { ...times, ...policy });
    await queries.invalidateQueries({ queryKey: ["queue"] });
  };
  const policyOf = async () => {
    if (deadLetters === "") return "";
    const { QueueArn = "" } = await queueAttributes(client, deadLetters);
    return JSON.stringify({ deadLetterTargetArn: QueueArn, maxReceiveCount: Number(receives) });
  };
  return (
    <SaveForm onSave={save}>
      <div className="columns">
        {TIMES.map((name) => (
          <TextField
            key={name}
            label={t(`queues.${name}`)}
            value={times[name] ?? ""}
            onChange={(text) => setTimes({ ...times, [name]: text })}
            inputMode="numeric"
            pattern="[0-9]+"
            isRequired
          />
        ))}
      </div>
      <div className="columns">
        <Select
          label={t("queues.deadLetters")}
          value={deadLetters}
          onChange={setDeadLetters}
          options={[
            { value: "", label: t("queues.noDeadLetters") },
            ...others.map(({ url: value, name }) => ({ value, label: name })),
          ]}
        />
        {deadLetters !== "" && (
          <TextField
            label={t("queues.maxReceives")}
            value={receives}
            onChange={setReceives}
            inputMode="numeric"
            pattern="[1-9][0-9]*"
            isRequired
          />
        )}
      </div>
    </SaveForm>
  );
}

function redriveOf(text: string | undefined): { deadLetterTargetArn: string; maxReceiveCount: number } | null {
  if (text === undefined || text === "") return null;
  const { deadLetterTargetArn, maxReceiveCount } = JSON.parse(text) as Record<string, unknown>;
  return { deadLetterTargetArn: String(deadLetterTargetArn), maxReceiveCount: Number(maxReceiveCount) };
}
