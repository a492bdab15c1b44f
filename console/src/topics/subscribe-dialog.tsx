import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { allowTopic, PROTOCOLS, type Protocol, subscribe, type Topic } from "../aws/sns.ts";
import { listQueues, queueAttributes } from "../aws/sqs.ts";
import { queries, useClient } from "../session/session.ts";
import { useText } from "../text/text.ts";
import { FormDialog } from "../ui/dialog.tsx";
import { Select, Switch, TextField } from "../ui/fields.tsx";

const OTHER = "";

/** Subscribes a queue or a web address. Queues of the account are chosen by name; those of others by their ARN. */
export function SubscribeDialog({ topic: { arn, isFifo }, onClose }: { topic: Topic; onClose: () => void }) {
  const t = useText();
  const client = useClient();
  const queues = useQuery({ queryKey: ["queues"], queryFn: () => listQueues(client), retry: false });
  const fitting = (queues.data ?? []).filter((queue) => isFifo || !queue.isFifo);
  const [protocol, setProtocol] = useState<Protocol>("sqs");
  const [chosen, setQueue] = useState<string | null>(null);
  const [mayAllow, setAllow] = useState(true);
  const [isRaw, setRaw] = useState(false);
  const queueUrl = protocol === "sqs" ? (chosen ?? fitting[0]?.url ?? OTHER) : OTHER;
  const submit = async (form: FormData) => {
    const typed = String(form.get("endpoint") ?? "").trim();
    const endpoint = queueUrl === OTHER ? typed : ((await queueAttributes(client, queueUrl)).QueueArn ?? "");
    const filter = String(form.get("filter") ?? "").trim();
    await subscribe(client, arn, {
      protocol,
      endpoint,
      attributes: {
        ...(isRaw ? { RawMessageDelivery: "true" } : {}),
        ...(filter === "" ? {} : { FilterPolicy: filter }),
      },
    });
    if (queueUrl !== OTHER && mayAllow) await allowTopic(client, queueUrl, arn);
    await queries.invalidateQueries({ queryKey: ["topic", arn] });
  };
  return (
    <FormDialog title={t("topics.subscribe")} submit={t("topics.subscribe")} isOpen onClose={onClose} onSubmit={submit}>
      <Select
        label={t("topics.protocol")}
        value={protocol}
        onChange={setProtocol}
        options={PROTOCOLS.filter((one) => !isFifo || one === "sqs").map((value) => ({ value, label: value }))}
      />
      {protocol === "sqs" && (
        <Select
          label={t("queues.queue")}
          value={queueUrl}
          onChange={setQueue}
          options={[
            ...fitting.map(({ url: value, name }) => ({ value, label: name })),
            { value: OTHER, label: t("topics.otherQueue") },
          ]}
        />
      )}
      {queueUrl === OTHER ? (
        <TextField
          name="endpoint"
          label={t(protocol === "sqs" ? "topics.queueArn" : "topics.address")}
          hint={t("topics.mustConfirm")}
          isRequired
          isCode
        />
      ) : (
        <Switch isSelected={mayAllow} onChange={setAllow}>
          {t("topics.allow")}
        </Switch>
      )}
      <Switch isSelected={isRaw} onChange={setRaw}>
        {t("topics.raw")}
      </Switch>
      <TextField name="filter" label={t("topics.filter")} hint={t("topics.filterHint")} rows={3} isCode />
    </FormDialog>
  );
}
