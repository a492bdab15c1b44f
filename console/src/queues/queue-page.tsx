import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { hrefOf, useGo, usePageSearch } from "../app/address.ts";
import { type Attributes, deleteQueue, purgeQueue, type Queue, queueAttributes, queueOf } from "../aws/sqs.ts";
import { queries, useClient } from "../session/session.ts";
import { formatNumber, formatTime } from "../text/format.ts";
import { useText } from "../text/text.ts";
import { Button } from "../ui/button.tsx";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import { ErrorNotice } from "../ui/error-notice.tsx";
import { Loading } from "../ui/notice.tsx";
import { Section } from "../ui/section.tsx";
import { toast } from "../ui/toasts.tsx";
import { Messages } from "./messages.tsx";
import { QueueSettings } from "./queue-settings.tsx";
import { Redrive } from "./redrive.tsx";
import { SendForm } from "./send-form.tsx";

const POLL_MS = 5_000;

export default function QueuePage() {
  const t = useText();
  const client = useClient();
  const { url = "" } = usePageSearch();
  const queue = queueOf(url);
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ["queue", url],
    queryFn: () => queueAttributes(client, url),
    refetchInterval: POLL_MS,
  });
  return (
    <div className="page">
      <header className="page-header">
        <h1>
          {t("queues.queue")} <bdi>{queue.name}</bdi>
        </h1>
        <a href={hrefOf("/queues")}>{t("access.back")}</a>
      </header>
      {isPending && <Loading label={t("loading")} />}
      {error !== null && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {data !== undefined && (
        <>
          <Depth attributes={data} />
          <Messages key={url} queue={queue} />
          <SendForm key={`${url}/send`} queue={queue} />
          <Redrive queue={queue} arn={data.QueueArn ?? ""} />
          <QueueSettings key={`${url}/settings`} queue={queue} attributes={data} />
          <Danger queue={queue} />
        </>
      )}
    </div>
  );
}

function Depth({ attributes }: { attributes: Attributes }) {
  const t = useText();
  const number = (name: string) => formatNumber(Number(attributes[name] ?? 0));
  return (
    <Section title={t("queues.depth")}>
      <dl className="facts">
        <dt>{t("queues.waiting")}</dt>
        <dd>{number("ApproximateNumberOfMessages")}</dd>
        <dt>{t("queues.inFlight")}</dt>
        <dd>{number("ApproximateNumberOfMessagesNotVisible")}</dd>
        <dt>{t("queues.delayed")}</dt>
        <dd>{number("ApproximateNumberOfMessagesDelayed")}</dd>
        <dt>{t("account.arn")}</dt>
        <dd className="code">{attributes.QueueArn}</dd>
        <dt>{t("buckets.created")}</dt>
        <dd>{formatTime(Number(attributes.CreatedTimestamp) * 1000)}</dd>
      </dl>
    </Section>
  );
}

function Danger({ queue: { url, name } }: { queue: Queue }) {
  const t = useText();
  const go = useGo();
  const client = useClient();
  const [asking, ask] = useState<"purge" | "delete" | null>(null);
  const confirm = async () => {
    if (asking === "purge") {
      await purgeQueue(client, url);
      toast(t("queues.purged"));
      return queries.invalidateQueries({ queryKey: ["queue", url] });
    }
    await deleteQueue(client, url);
    await queries.invalidateQueries({ queryKey: ["queues"] });
    go("/queues");
  };
  return (
    <Section title={t("queues.danger")}>
      <div className="actions">
        <Button variant="danger" onPress={() => ask("purge")}>
          {t("queues.purge")}
        </Button>
        <Button variant="danger" icon="trash" onPress={() => ask("delete")}>
          {t("queues.delete")}
        </Button>
      </div>
      {asking !== null && (
        <ConfirmDialog
          title={t(`queues.${asking}`)}
          name={name}
          submit={t(`queues.${asking}`)}
          isOpen
          onClose={() => ask(null)}
          onConfirm={confirm}
        >
          {t(`queues.${asking}Warning`)}
        </ConfirmDialog>
      )}
    </Section>
  );
}
