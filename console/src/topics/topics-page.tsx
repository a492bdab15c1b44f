import { useState } from "react";
import { hrefOf, useGo } from "../app/address.ts";
import { createTopic, listTopics } from "../aws/sns.ts";
import { queries, useClient } from "../session/session.ts";
import { useText } from "../text/text.ts";
import { Button } from "../ui/button.tsx";
import { CreateFifoDialog } from "../ui/create-fifo-dialog.tsx";
import { DataTable } from "../ui/data-table.tsx";
import { Icon } from "../ui/icon.tsx";
import { Empty } from "../ui/notice.tsx";
import { Loaded } from "../ui/section.tsx";

export default function TopicsPage() {
  const t = useText();
  const client = useClient();
  const go = useGo();
  const [isCreating, setCreating] = useState(false);
  const create = async (name: string, isFifo: boolean) => {
    const { arn } = await createTopic(client, name, isFifo ? { FifoTopic: "true" } : {});
    await queries.invalidateQueries({ queryKey: ["topics"] });
    go("/topic", { arn });
  };
  return (
    <div className="page">
      <header className="page-header">
        <h1>{t("topics.title")}</h1>
        <Button variant="primary" icon="plus" onPress={() => setCreating(true)}>
          {t("topics.create")}
        </Button>
      </header>
      <Loaded queryKey={["topics"]} read={() => listTopics(client)}>
        {(topics) =>
          topics.length === 0 ? (
            <Empty title={t("topics.none")} />
          ) : (
            <DataTable
              label={t("topics.title")}
              rows={topics}
              keyOf={({ arn }) => arn}
              searchText={({ name }) => name}
              columns={[
                {
                  id: "name",
                  title: t("access.name"),
                  cell: ({ arn, name }) => (
                    <a className="name-link" href={hrefOf("/topic", { arn })}>
                      <Icon name="bell" />
                      <bdi>{name}</bdi>
                    </a>
                  ),
                },
                { id: "arn", title: t("account.arn"), cell: ({ arn }) => <bdi className="code">{arn}</bdi> },
              ]}
            />
          )
        }
      </Loaded>
      <CreateFifoDialog
        title={t("topics.create")}
        hint={t("topics.nameHint")}
        fifo={t("topics.fifo")}
        isOpen={isCreating}
        onClose={() => setCreating(false)}
        onCreate={create}
      />
    </div>
  );
}
