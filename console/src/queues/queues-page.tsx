import { useQueries } from "@tanstack/react-query";
import { useState } from "react";
import { hrefOf, useGo } from "../app/address.ts";
import { createQueue, listQueues, type Queue, queueAttributes } from "../aws/sqs.ts";
import { queries, useClient } from "../session/session.ts";
import { formatNumber } from "../text/format.ts";
import { useText } from "../text/text.ts";
import { Button } from "../ui/button.tsx";
import { CreateFifoDialog } from "../ui/create-fifo-dialog.tsx";
import { type Column, DataTable } from "../ui/data-table.tsx";
import { Icon } from "../ui/icon.tsx";
import { Empty } from "../ui/notice.tsx";
import { Loaded } from "../ui/section.tsx";

/** Queues whose depth is asked for; each is a request of its own. */
const DEPTHS_MAX = 100;
const POLL_MS = 10_000;

export default function QueuesPage() {
  const t = useText();
  const client = useClient();
  const go = useGo();
  const [isCreating, setCreating] = useState(false);
  const create = async (name: string, isFifo: boolean) => {
    const { url } = await createQueue(client, name, isFifo ? { FifoQueue: "true" } : {});
    await queries.invalidateQueries({ queryKey: ["queues"] });
    go("/queue", { url });
  };
  return (
    <div className="page">
      <header className="page-header">
        <h1>{t("queues.title")}</h1>
        <Button variant="primary" icon="plus" onPress={() => setCreating(true)}>
          {t("queues.create")}
        </Button>
      </header>
      <Loaded queryKey={["queues"]} read={() => listQueues(client)}>
        {(queues) => (queues.length === 0 ? <Empty title={t("queues.none")} /> : <QueuesTable queues={queues} />)}
      </Loaded>
      <CreateFifoDialog
        title={t("queues.create")}
        hint={t("queues.nameHint")}
        fifo={t("queues.fifo")}
        isOpen={isCreating}
        onClose={() => setCreating(false)}
        onCreate={create}
      />
    </div>
  );
}

function QueuesTable({ queues }: { queues: readonly Queue[] }) {
  const t = useText();
  const client = useClient();
  const depths = useQueries({
    queries: queues.slice(0, DEPTHS_MAX).map(({ url }) => ({
      queryKey: ["queue", url],
      queryFn: () => queueAttributes(client, url),
      refetchInterval: POLL_MS,
    })),
  });
  const found = new Map(queues.map(({ url }, index) => [url, depths[index]?.data] as const));
  const number = (id: string, title: string, name: string): Column<Queue> => ({
    id,
    title,
    isNumber: true,
    cell: ({ url }) => {
      const value = found.get(url)?.[name];
      return value === undefined ? "" : formatNumber(Number(value));
    },
  });
  return (
    <DataTable
      label={t("queues.title")}
      rows={queues}
      keyOf={({ url }) => url}
      searchText={({ name }) => name}
      columns={[
        {
          id: "name",
          title: t("access.name"),
          cell: ({ url, name }) => (
            <a className="name-link" href={hrefOf("/queue", { url })}>
              <Icon name="queue" />
              <bdi>{name}</bdi>
            </a>
          ),
        },
        number("waiting", t("queues.waiting"), "ApproximateNumberOfMessages"),
        number("hidden", t("queues.inFlight"), "ApproximateNumberOfMessagesNotVisible"),
        number("delayed", t("queues.delayed"), "ApproximateNumberOfMessagesDelayed"),
      ]}
    />
  );
}
