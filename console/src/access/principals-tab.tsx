import { useState } from "react";
import { hrefOf, useGo } from "../app/address.ts";
import { createPrincipal, listPrincipals, type PrincipalKind } from "../aws/iam.ts";
import { queries, useClient, useSession } from "../session/session.ts";
import { formatTime } from "../text/format.ts";
import { useText } from "../text/text.ts";
import { Button } from "../ui/button.tsx";
import { DataTable } from "../ui/data-table.tsx";
import { FormDialog } from "../ui/dialog.tsx";
import { TextField } from "../ui/fields.tsx";
import { Empty } from "../ui/notice.tsx";
import { Loaded } from "../ui/section.tsx";

/** Users, groups or roles. */
export function PrincipalsTab({ kind }: { kind: PrincipalKind }) {
  const t = useText();
  const go = useGo();
  const client = useClient();
  const accountId = useSession()?.identity.accountId ?? "";
  const [isCreating, setCreating] = useState(false);
  const create = async (form: FormData) => {
    const name = String(form.get("name"));
    await createPrincipal(client, { kind, name }, trustOf(accountId));
    await queries.invalidateQueries({ queryKey: ["iam", kind] });
    go("/access/principal", { kind, name });
  };
  return (
    <div className="stack">
      <div className="actions">
        <Button variant="primary" icon="plus" onPress={() => setCreating(true)}>
          {t(`access.create.${kind}`)}
        </Button>
      </div>
      <Loaded queryKey={["iam", kind]} read={() => listPrincipals(client, kind)}>
        {(principals) =>
          principals.length === 0 ? (
            <Empty title={t(`access.none.${kind}`)} />
          ) : (
            <DataTable
              label={t(`access.kind.${kind}`)}
              rows={principals}
              keyOf={({ arn }) => arn}
              searchText={({ name }) => name}
              columns={[
                {
                  id: "name",
                  title: t("access.name"),
                  cell: ({ name }) => (
                    <a href={hrefOf("/access/principal", { kind, name })}>
                      <bdi>{name}</bdi>
                    </a>
                  ),
                },
                { id: "arn", title: t("account.arn"), cell: ({ arn }) => <bdi className="code">{arn}</bdi> },
                { id: "created", title: t("buckets.created"), cell: ({ createdMs }) => formatTime(createdMs) },
              ]}
            />
          )
        }
      </Loaded>
      <FormDialog
        title={t(`access.create.${kind}`)}
        submit={t(`access.create.${kind}`)}
        isOpen={isCreating}
        onClose={() => setCreating(false)}
        onSubmit={create}
      >
        <TextField
          name="name"
          label={t("access.name")}
          hint={t("access.nameHint")}
          isRequired
          isCode
          autoFocus
          maxLength={kind === "group" ? 128 : 64}
        />
        {kind === "role" && <p className="hint">{t("access.trustHint")}</p>}
      </FormDialog>
    </div>
  );
}

/** Whoever of the account is allowed sts:AssumeRole may take the role on, until its page says otherwise. */
function trustOf(accountId: string): string {
  const statement = { Effect: "Allow", Principal: { AWS: `arn:aws:iam::${accountId}:root` }, Action: "sts:AssumeRole" };
  return JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
}
