import { useState } from "react";
import { hrefOf } from "../app/address.ts";
import {
  attachedPolicies,
  changeAttachment,
  deleteInlinePolicy,
  getInlinePolicy,
  inlinePolicies,
  listPolicies,
  type Policy,
  putInlinePolicy,
  type Subject,
} from "../aws/iam.ts";
import { queries, useClient } from "../session/session.ts";
import { useText } from "../text/text.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import { FormDialog } from "../ui/dialog.tsx";
import { Select, TextField } from "../ui/fields.tsx";
import { SaveForm } from "../ui/save-form.tsx";
import { Loaded, Section } from "../ui/section.tsx";
import { toastError } from "../ui/toasts.tsx";
import { PolicyForm } from "./policy-form.tsx";

const keyOf = ({ kind, name }: Subject, part: string) => ["iam", kind, name, part];

/** Managed policies of a principal. */
export function AttachedPolicies({ subject }: { subject: Subject }) {
  const t = useText();
  const client = useClient();
  const read = async () => {
    const [own, all] = await Promise.all([attachedPolicies(client, subject), listPolicies(client, "All")]);
    return { own, others: all.filter(({ arn }) => !own.some((one) => one.arn === arn)) };
  };
  const change = async (how: "Attach" | "Detach", arn: string) => {
    await changeAttachment(client, how, subject, arn);
    await queries.invalidateQueries({ queryKey: ["iam"] });
  };
  return (
    <Section title={t("access.attached")}>
      <Loaded queryKey={keyOf(subject, "attached")} read={read}>
        {({ own, others }) => (
          <>
            {own.length === 0 && <p>{t("access.noAttached")}</p>}
            <ul className="plain-list">
              {own.map(({ arn, name }) => (
                <li key={arn}>
                  <a href={hrefOf("/access/policy", { arn, name })}>
                    <bdi>{name}</bdi>
                  </a>
                  <IconButton
                    icon="trash"
                    label={t("access.remove", { name })}
                    onPress={() => void change("Detach", arn).catch(toastError)}
                  />
                </li>
              ))}
            </ul>
            {others.length > 0 && (
              <AttachForm key={own.length} others={others} onAttach={(arn) => change("Attach", arn)} />
            )}
          </>
        )}
      </Loaded>
    </Section>
  );
}

function AttachForm({ others, onAttach }: { others: readonly Policy[]; onAttach: (arn: string) => Promise<void> }) {
  const t = useText();
  const [arn, setArn] = useState(others[0]?.arn ?? "");
  return (
    <SaveForm submit={t("access.attach")} onSave={() => onAttach(arn)}>
      <Select
        label={t("access.attach")}
        value={arn}
        onChange={setArn}
        options={others.map((one) => ({ value: one.arn, label: one.name }))}
      />
    </SaveForm>
  );
}

/** Policies that belong to the principal alone. */
export function InlinePolicies({ subject }: { subject: Subject }) {
  const t = useText();
  const client = useClient();
  const [isCreating, setCreating] = useState(false);
  const [opened, open] = useState<string | null>(null);
  const readAgain = () => queries.invalidateQueries({ queryKey: keyOf(subject, "inline") });
  return (
    <Section title={t("access.inline")}>
      <Loaded queryKey={keyOf(subject, "inline")} read={() => inlinePolicies(client, subject)}>
        {(names) => (
          <>
            {names.length === 0 && <p>{t("access.noInline")}</p>}
            <ul className="plain-list">
              {names.map((policy) => (
                <li key={policy}>
                  <Button
                    variant="link"
                    aria-expanded={opened === policy}
                    onPress={() => open(opened === policy ? null : policy)}
                  >
                    <bdi>{policy}</bdi>
                  </Button>
                </li>
              ))}
            </ul>
            {opened !== null && names.includes(opened) && (
              <InlinePolicy key={opened} subject={subject} policy={opened} onDeleted={readAgain} />
            )}
          </>
        )}
      </Loaded>
      <div className="actions">
        <Button icon="plus" onPress={() => setCreating(true)}>
          {t("access.createInline")}
        </Button>
      </div>
      <FormDialog
        title={t("access.createInline")}
        submit={t("access.createInline")}
        isOpen={isCreating}
        onClose={() => setCreating(false)}
        onSubmit={async (form) => {
          const policy = String(form.get("name"));
          await putInlinePolicy(client, subject, { policy, document: STARTING_POLICY });
          await readAgain();
          open(policy);
        }}
      >
        <TextField name="name" label={t("access.name")} hint={t("access.inlineHint")} isRequired isCode autoFocus />
      </FormDialog>
    </Section>
  );
}

function InlinePolicy({
  subject,
  policy,
  onDeleted,
}: {
  subject: Subject;
  policy: string;
  onDeleted: () => Promise<void>;
}) {
  const t = useText();
  const client = useClient();
  const [isDeleting, setDeleting] = useState(false);
  const key = keyOf(subject, `inline/${policy}`);
  return (
    <>
      <Loaded queryKey={key} read={() => getInlinePolicy(client, subject, policy)}>
        {(document) => (
          <PolicyForm
            label={policy}
            document={document}
            onSave={async (next) => {
              await putInlinePolicy(client, subject, { policy, document: next });
              await queries.invalidateQueries({ queryKey: key });
            }}
            more={
              <Button variant="danger" onPress={() => setDeleting(true)}>
                {t("bucket.policyDelete")}
              </Button>
            }
          />
        )}
      </Loaded>
      <ConfirmDialog
        title={t("bucket.policyDelete")}
        name={policy}
        submit={t("bucket.policyDelete")}
        isOpen={isDeleting}
        onClose={() => setDeleting(false)}
        onConfirm={async () => {
          await deleteInlinePolicy(client, subject, policy);
          await onDeleted();
        }}
      >
        {t("bucket.policyDeleteWarning")}
      </ConfirmDialog>
    </>
  );
}

/** Allows what everybody may do in any case: it gives nobody anything before it is edited. */
export const STARTING_POLICY = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: ["sts:GetCallerIdentity"], Resource: ["*"] }],
});
