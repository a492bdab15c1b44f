import { useState } from "react";
import { hrefOf, useGo, usePageSearch } from "../app/address.ts";
import { deletePolicy, getPolicyDocument, replacePolicyDocument } from "../aws/iam.ts";
import { queries, useClient } from "../session/session.ts";
import { useText } from "../text/text.ts";
import { Button } from "../ui/button.tsx";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import { Loaded, Section } from "../ui/section.tsx";
import { PolicyForm } from "./policy-form.tsx";

/** A managed policy. AWS's own cannot be changed. */
export default function PolicyPage() {
  const t = useText();
  const go = useGo();
  const client = useClient();
  const { arn = "" } = usePageSearch();
  const name = arn.slice(arn.lastIndexOf("/") + 1);
  const isOwn = !arn.startsWith("arn:aws:iam::aws:");
  const [isDeleting, setDeleting] = useState(false);
  const key = ["iam", "policy", arn];
  return (
    <div className="page">
      <header className="page-header">
        <h1>
          {t("access.policy")} <bdi>{name}</bdi>
        </h1>
        <div className="actions">
          <a href={hrefOf("/access", { tab: "policies" })}>{t("access.back")}</a>
          {isOwn && (
            <Button variant="danger" icon="trash" onPress={() => setDeleting(true)}>
              {t("bucket.policyDelete")}
            </Button>
          )}
        </div>
      </header>
      <Section title={t("access.document")} hint={isOwn ? t("access.policyHint") : t("access.awsPolicyHint")}>
        <Loaded queryKey={key} read={() => getPolicyDocument(client, arn)}>
          {(document) => (
            <PolicyForm
              key={document}
              label={t("access.document")}
              document={document}
              isReadOnly={!isOwn}
              onSave={async (next) => {
                await replacePolicyDocument(client, arn, next);
                await queries.invalidateQueries({ queryKey: key });
              }}
            />
          )}
        </Loaded>
      </Section>
      <ConfirmDialog
        title={t("bucket.policyDelete")}
        name={name}
        submit={t("bucket.policyDelete")}
        isOpen={isDeleting}
        onClose={() => setDeleting(false)}
        onConfirm={async () => {
          await deletePolicy(client, arn);
          await queries.invalidateQueries({ queryKey: ["iam"] });
          go("/access", { tab: "policies" });
        }}
      >
        {t("bucket.policyDeleteWarning")}
      </ConfirmDialog>
    </div>
  );
}
