import { useState } from "react";
import { hrefOf } from "../app/address.ts";
import { createPolicy, listPolicies } from "../aws/iam.ts";
import { queries, useClient } from "../session/session.ts";
import { formatNumber } from "../text/format.ts";
import { useText } from "../text/text.ts";
import { Button } from "../ui/button.tsx";
import { DataTable } from "../ui/data-table.tsx";
import { FormDialog } from "../ui/dialog.tsx";
import { TextField } from "../ui/fields.tsx";
import { Loaded } from "../ui/section.tsx";
import { STARTING_POLICY } from "./principal-policies.tsx";

/** The account's managed policies, and those that are always there. */
export function PoliciesTab() {
  const t = useText();
  const client = useClient();
  const [isCreating, setCreating] = useState(false);
  return (
    <div className="stack">
      <div className="actions">
        <Button variant="primary" icon="plus" onPress={() => setCreating(true)}>
          {t("access.createPolicy")}
        </Button>
      </div>
      <Loaded queryKey={["iam", "policies"]} read={() => listPolicies(client, "All")}>
        {(policies) => (
          <DataTable
            label={t("access.policies")}
            rows={policies}
            keyOf={({ arn }) => arn}
            searchText={({ arn }) => arn}
            columns={[
              {
                id: "name",
                title: t("access.name"),
                cell: ({ name, arn }) => (
                  <a href={hrefOf("/access/policy", { arn, name })}>
                    <bdi>{name}</bdi>
                  </a>
                ),
              },
              { id: "arn", title: t("account.arn"), cell: ({ arn }) => <bdi className="code">{arn}</bdi> },
              { id: "uses", title: t("access.uses"), isNumber: true, cell: ({ uses }) => formatNumber(uses) },
            ]}
          />
        )}
      </Loaded>
      <FormDialog
        title={t("access.createPolicy")}
        submit={t("access.createPolicy")}
        isOpen={isCreating}
        onClose={() => setCreating(false)}
        onSubmit={async (form) => {
          await createPolicy(client, String(form.get("name")), STARTING_POLICY);
          await queries.invalidateQueries({ queryKey: ["iam"] });
        }}
      >
        <TextField name="name" label={t("access.name")} hint={t("access.inlineHint")} isRequired isCode autoFocus />
      </FormDialog>
    </div>
  );
}
