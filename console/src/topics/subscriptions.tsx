import { useQueries } from "@tanstack/react-query";
import { useState } from "react";
import {
  type Attributes,
  listSubscriptions,
  type Subscription,
  subscriptionAttributes,
  type Topic,
  unsubscribe,
} from "../aws/sns.ts";
import { queries, useClient } from "../session/session.ts";
import { useText } from "../text/text.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { DataTable } from "../ui/data-table.tsx";
import { FormDialog } from "../ui/dialog.tsx";
import { Menu } from "../ui/menu.tsx";
import { Empty } from "../ui/notice.tsx";
import { Loaded, Section } from "../ui/section.tsx";
import { ConfirmTokenDialog } from "./confirm-token-dialog.tsx";
import { SubscribeDialog } from "./subscribe-dialog.tsx";
import { SubscriptionDialog } from "./subscription-dialog.tsx";

/** Subscriptions whose attributes are asked for; each is a request of its own. */
const ATTRIBUTES_MAX = 50;

export function Subscriptions({ topic }: { topic: Topic }) {
  const t = useText();
  const client = useClient();
  const [dialog, setDialog] = useState<"subscribe" | "confirm" | null>(null);
  const close = () => setDialog(null);
  return (
    <Section title={t("topics.subscriptions")}>
      <div className="actions">
        <Button variant="primary" icon="plus" onPress={() => setDialog("subscribe")}>
          {t("topics.subscribe")}
        </Button>
        <Button onPress={() => setDialog("confirm")}>{t("topics.confirm")}</Button>
      </div>
      <Loaded queryKey={["topic", topic.arn, "subscriptions"]} read={() => listSubscriptions(client, topic.arn)}>
        {(subscriptions) =>
          subscriptions.length === 0 ? (
            <Empty title={t("topics.noSubscriptions")} />
          ) : (
            <SubscriptionTable topic={topic} subscriptions={subscriptions} />
          )
        }
      </Loaded>
      {dialog === "subscribe" && <SubscribeDialog topic={topic} onClose={close} />}
      {dialog === "confirm" && <ConfirmTokenDialog topic={topic} onClose={close} />}
    </Section>
  );
}

type Chosen = { act: "edit" | "end"; arn: string; endpoint: string; attributes: Attributes };

function SubscriptionTable({ topic, subscriptions }: { topic: Topic; subscriptions: readonly Subscription[] }) {
  const t = useText();
  const client = useClient();
  const [chosen, choose] = useState<Chosen | null>(null);
  const confirmed = subscriptions.flatMap(({ arn }) => (arn === null ? [] : [arn])).slice(0, ATTRIBUTES_MAX);
  const asked = useQueries({
    queries: confirmed.map((arn) => ({
      queryKey: ["topic", topic.arn, "subscription", arn],
      queryFn: () => subscriptionAttributes(client, arn),
      retry: false,
    })),
  });
  const found = new Map(confirmed.map((arn, index) => [arn, asked[index]?.data]));
  const attributesOf = ({ arn }: Subscription) => (arn === null ? undefined : found.get(arn));
  return (
    <>
      <DataTable
        label={t("topics.subscriptions")}
        rows={subscriptions}
        keyOf={({ arn, protocol, endpoint }) => arn ?? `${protocol} ${endpoint}`}
        searchText={({ endpoint }) => endpoint}
        columns={[
          { id: "protocol", title: t("topics.protocol"), cell: ({ protocol }) => protocol },
          {
            id: "endpoint",
            title: t("topics.endpoint"),
            cell: ({ endpoint }) => <bdi className="code">{endpoint}</bdi>,
          },
          {
            id: "state",
            title: t("operations.state"),
            cell: ({ arn }) => t(arn === null ? "topics.isPending" : "topics.isConfirmed"),
          },
          {
            id: "filter",
            title: t("topics.filter"),
            cell: (one) => <bdi className="code">{attributesOf(one)?.FilterPolicy ?? ""}</bdi>,
          },
          {
            id: "actions",
            title: t("table.actions"),
            isTitleHidden: true,
            cell: (one) => {
              const { arn, endpoint } = one;
              const attributes = attributesOf(one);
              if (arn === null) return null;
              const act = (what: Chosen["act"]) => choose({ act: what, arn, endpoint, attributes: attributes ?? {} });
              const label = t("objects.actionsOf", { name: endpoint });
              const end = { id: "end", label: t("topics.unsubscribe"), isDangerous: true, onAction: () => act("end") };
              const edit = { id: "edit", label: t("topics.edit"), onAction: () => act("edit") };
              const actions = attributes === undefined ? [end] : [edit, end];
              return <Menu label={label} trigger={<IconButton icon="more" label={label} />} actions={actions} />;
            },
          },
        ]}
      />
      {chosen?.act === "edit" && <SubscriptionDialog {...chosen} topic={topic} onClose={() => choose(null)} />}
      {chosen?.act === "end" && (
        <FormDialog
          title={t("topics.unsubscribe")}
          submit={t("topics.unsubscribe")}
          isOpen
          isDangerous
          onClose={() => choose(null)}
          onSubmit={async () => {
            await unsubscribe(client, chosen.arn);
            await queries.invalidateQueries({ queryKey: ["topic", topic.arn] });
          }}
        >
          <p>
            <bdi className="code">{chosen.endpoint}</bdi>
          </p>
        </FormDialog>
      )}
    </>
  );
}
