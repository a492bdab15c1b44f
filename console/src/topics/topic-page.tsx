import { useState } from "react";
import { hrefOf, useGo, usePageSearch } from "../app/address.ts";
import { type Attributes, deleteTopic, type Topic, topicAttributes, topicOf } from "../aws/sns.ts";
import { queries, useClient } from "../session/session.ts";
import { formatNumber } from "../text/format.ts";
import { useText } from "../text/text.ts";
import { Button } from "../ui/button.tsx";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import { Loaded, Section } from "../ui/section.tsx";
import { PublishForm } from "./publish-form.tsx";
import { Subscriptions } from "./subscriptions.tsx";
import { TopicPolicy } from "./topic-policy.tsx";

/** A topic with its subscriptions, its policy, and a form to publish. */
export default function TopicPage() {
  const t = useText();
  const client = useClient();
  const { arn = "" } = usePageSearch();
  const topic = topicOf(arn);
  return (
    <div className="page">
      <header className="page-header">
        <h1>
          {t("topics.topic")} <bdi>{topic.name}</bdi>
        </h1>
        <a href={hrefOf("/topics")}>{t("access.back")}</a>
      </header>
      <Loaded queryKey={["topic", arn]} read={() => topicAttributes(client, arn)}>
        {(attributes) => (
          <>
            <Facts attributes={attributes} />
            <Subscriptions topic={topic} />
            <PublishForm key={`${arn}/publish`} topic={topic} />
            <TopicPolicy key={`${arn}/policy`} arn={arn} policy={attributes.Policy ?? ""} />
            <Danger topic={topic} />
          </>
        )}
      </Loaded>
    </div>
  );
}

function Facts({ attributes }: { attributes: Attributes }) {
  const t = useText();
  const number = (name: string) => formatNumber(Number(attributes[name] ?? 0));
  return (
    <Section title={t("bucket.tab.overview")}>
      <dl className="facts">
        <dt>{t("account.arn")}</dt>
        <dd className="code">{attributes.TopicArn}</dd>
        <dt>{t("topics.confirmed")}</dt>
        <dd>{number("SubscriptionsConfirmed")}</dd>
        <dt>{t("topics.pending")}</dt>
        <dd>{number("SubscriptionsPending")}</dd>
      </dl>
    </Section>
  );
}

function Danger({ topic: { arn, name } }: { topic: Topic }) {
  const t = useText();
  const go = useGo();
  const client = useClient();
  const [isAsking, setAsking] = useState(false);
  return (
    <Section title={t("queues.danger")}>
      <div className="actions">
        <Button variant="danger" icon="trash" onPress={() => setAsking(true)}>
          {t("topics.delete")}
        </Button>
      </div>
      <ConfirmDialog
        title={t("topics.delete")}
        name={name}
        submit={t("topics.delete")}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        onConfirm={async () => {
          await deleteTopic(client, arn);
          await queries.invalidateQueries({ queryKey: ["topics"] });
          go("/topics");
        }}
      >
        {t("topics.deleteWarning")}
      </ConfirmDialog>
    </Section>
  );
}
