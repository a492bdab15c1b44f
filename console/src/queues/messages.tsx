import { useState } from "react";
import { deleteMessage, type Message, peek, type Queue } from "../aws/sqs.ts";
import { queries, useClient } from "../session/session.ts";
import { formatTime } from "../text/format.ts";
import { useText } from "../text/text.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { DataTable } from "../ui/data-table.tsx";
import { ErrorNotice } from "../ui/error-notice.tsx";
import { Notice } from "../ui/notice.tsx";
import { Section } from "../ui/section.tsx";
import { toastError } from "../ui/toasts.tsx";

/** Long enough to read on, short enough that a worker hardly waits. */
const HIDDEN_SECONDS = 10;
const SHOWN_MAX = 100;

/** Looks into the queue by receiving, as any client would: that counts as a receive, and the page says so. */
export function Messages({ queue: { url } }: { queue: Queue }) {
  const t = useText();
  const client = useClient();
  const [messages, setMessages] = useState<readonly Message[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const look = async () => {
    setBusy(true);
    setError(null);
    try {
      const fresh = await peek(client, url, HIDDEN_SECONDS);
      const ids = new Set(fresh.map(({ id }) => id));
      setMessages([...fresh, ...(messages ?? []).filter(({ id }) => !ids.has(id))].slice(0, SHOWN_MAX));
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  const remove = async ({ id, receipt }: Message) => {
    await deleteMessage(client, url, receipt);
    setMessages((messages ?? []).filter((one) => one.id !== id));
    await queries.invalidateQueries({ queryKey: ["queue", url] });
  };
  return (
    <Section title={t("queues.messages")}>
      <Notice tone="info">{t("queues.peekHint", { seconds: HIDDEN_SECONDS })}</Notice>
      <div className="actions">
        <Button icon="search" isPending={isBusy} onPress={() => void look()}>
          {t("queues.peek")}
        </Button>
      </div>
      {error !== null && <ErrorNotice error={error} />}
      {messages?.length === 0 && <p role="status">{t("queues.nothingVisible")}</p>}
      {messages !== null && messages.length > 0 && (
        <DataTable
          label={t("queues.messages")}
          rows={messages}
          keyOf={({ id }) => id}
          columns={[
            { id: "body", title: t("queues.body"), cell: ({ body }) => <bdi className="code message">{body}</bdi> },
            { id: "sent", title: t("queues.sent"), cell: ({ sentMs }) => formatTime(sentMs) },
            {
              id: "receives",
              title: t("queues.receives"),
              isNumber: true,
              cell: ({ receiveCount }) => String(receiveCount),
            },
            {
              id: "actions",
              title: t("table.actions"),
              isTitleHidden: true,
              cell: (message) => (
                <IconButton
                  icon="trash"
                  label={t("queues.deleteMessage", { id: message.id })}
                  onPress={() => void remove(message).catch(toastError)}
                />
              ),
            },
          ]}
        />
      )}
    </Section>
  );
}
