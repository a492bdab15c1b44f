import { useState } from "react";
import { type Attributes, setSubscriptionAttribute, type Topic } from "../aws/sns.ts";
import { queries, useClient } from "../session/session.ts";
import { useText } from "../text/text.ts";
import { FormDialog } from "../ui/dialog.tsx";
import { Select, Switch, TextField } from "../ui/fields.tsx";

const SCOPES = ["MessageAttributes", "MessageBody"] as const;
type Scope = (typeof SCOPES)[number];

/** Filter policy, what it looks at, and whether messages come without SNS's envelope. */
export function SubscriptionDialog({
  topic,
  arn,
  endpoint,
  attributes,
  onClose,
}: {
  topic: Topic;
  arn: string;
  endpoint: string;
  attributes: Attributes;
  onClose: () => void;
}) {
  const t = useText();
  const client = useClient();
  const before = {
    FilterPolicyScope: attributes.FilterPolicyScope === "MessageBody" ? "MessageBody" : "MessageAttributes",
    FilterPolicy: attributes.FilterPolicy ?? "",
    RawMessageDelivery: attributes.RawMessageDelivery ?? "false",
    RedrivePolicy: attributes.RedrivePolicy ?? "",
  } satisfies Attributes;
  const [scope, setScope] = useState<Scope>(before.FilterPolicyScope as Scope);
  const [isRaw, setRaw] = useState(before.RawMessageDelivery === "true");
  const save = async (form: FormData) => {
    const after: typeof before = {
      FilterPolicyScope: scope,
      FilterPolicy: String(form.get("filter") ?? "").trim(),
      RawMessageDelivery: String(isRaw),
      RedrivePolicy: String(form.get("redrive") ?? "").trim(),
    };
    try {
      // One after the other: each must fit what the one before has left.
      for (const name of orderOf(before.FilterPolicyScope, scope))
        if (after[name] !== before[name]) await setSubscriptionAttribute(client, arn, name, after[name]);
    } finally {
      await queries.invalidateQueries({ queryKey: ["topic", topic.arn] });
    }
  };
  return (
    <FormDialog title={endpoint} submit={t("form.save")} isOpen onClose={onClose} onSubmit={save}>
      <TextField
        name="filter"
        label={t("topics.filter")}
        hint={t("topics.filterHint")}
        defaultValue={before.FilterPolicy}
        rows={5}
        isCode
      />
      <Select
        label={t("topics.scope")}
        value={scope}
        onChange={setScope}
        options={SCOPES.map((value) => ({ value, label: t(`topics.scope.${value}`) }))}
      />
      <Switch isSelected={isRaw} onChange={setRaw}>
        {t("topics.raw")}
      </Switch>
      <TextField
        name="redrive"
        label={t("topics.redrive")}
        hint={t("topics.redriveHint")}
        defaultValue={before.RedrivePolicy}
        rows={2}
        isCode
      />
    </FormDialog>
  );
}

const NAMES = ["FilterPolicyScope", "FilterPolicy", "RawMessageDelivery", "RedrivePolicy"] as const;

/** The scope first: a policy about bodies may hold what one about attributes may not. Back, the policy goes first. */
function orderOf(before: string, after: Scope): readonly (typeof NAMES)[number][] {
  const isBack = before === "MessageBody" && after === "MessageAttributes";
  return isBack ? ["FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy"] : NAMES;
}
