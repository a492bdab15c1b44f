import { useState } from "react";
import { queries, useClient } from "../session/session.ts";
import { formatTime } from "../text/format.ts";
import { useText } from "../text/text.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import { DataTable } from "../ui/data-table.tsx";
import { FormDialog } from "../ui/dialog.tsx";
import { TextField } from "../ui/fields.tsx";
import { Menu } from "../ui/menu.tsx";
import { toastError } from "../ui/toasts.tsx";
import { type Account, changeAccount, createAccount, rekeyAccount } from "./accounts.ts";
import { NewKeyDialog } from "./new-key-dialog.tsx";
import type { NewKey } from "./snippets.ts";

type Chosen = { account: Account; act: "close" | "rekey" };

export function AccountsTab({ accounts }: { accounts: readonly Account[] }) {
  const t = useText();
  const client = useClient();
  const [isCreating, setCreating] = useState(false);
  const [newKey, setNewKey] = useState<NewKey | null>(null);
  const [chosen, choose] = useState<Chosen | null>(null);
  const readAgain = () => queries.invalidateQueries({ queryKey: ["accounts"] });
  const confirm = async ({ account, act }: Chosen) => {
    if (act === "close") await changeAccount(client, "close", account.accountId);
    else setNewKey(await rekeyAccount(client, account.accountId));
    await readAgain();
  };
  return (
    <div className="stack">
      <div className="actions">
        <Button variant="primary" icon="plus" onPress={() => setCreating(true)}>
          {t("access.createAccount")}
        </Button>
      </div>
      <DataTable
        label={t("access.accounts")}
        rows={accounts}
        keyOf={({ accountId }) => accountId}
        searchText={({ accountId, name, email }) => `${accountId} ${name} ${email}`}
        columns={[
          { id: "id", title: t("account.account"), cell: ({ accountId }) => <span className="code">{accountId}</span> },
          { id: "name", title: t("access.name"), cell: ({ name }) => <bdi>{name}</bdi> },
          { id: "email", title: t("access.email"), cell: ({ email }) => <bdi>{email}</bdi> },
          { id: "state", title: t("operations.state"), cell: ({ state }) => t(`access.account.${state}`) },
          { id: "created", title: t("buckets.created"), cell: ({ createdAt }) => formatTime(createdAt) },
          {
            id: "actions",
            title: t("table.actions"),
            isTitleHidden: true,
            cell: (account) => (
              <AccountMenu
                account={account}
                onChoose={(act) => choose({ account, act })}
                onReopen={() => void changeAccount(client, "reopen", account.accountId).then(readAgain, toastError)}
              />
            ),
          },
        ]}
      />
      <FormDialog
        title={t("access.createAccount")}
        submit={t("access.createAccount")}
        isOpen={isCreating}
        onClose={() => setCreating(false)}
        onSubmit={async (form) => {
          setNewKey(await createAccount(client, String(form.get("name")), String(form.get("email"))));
          await readAgain();
        }}
      >
        <TextField name="name" label={t("access.name")} isRequired autoFocus />
        <TextField name="email" label={t("access.email")} type="email" isRequired />
      </FormDialog>
      {chosen !== null && (
        <ConfirmDialog
          title={`${t(`access.account.${chosen.act}`)}: ${chosen.account.accountId}`}
          name={chosen.account.name}
          submit={t(`access.account.${chosen.act}`)}
          isOpen
          onClose={() => choose(null)}
          onConfirm={() => confirm(chosen)}
        >
          {t(`access.account.${chosen.act}Warning`)}
        </ConfirmDialog>
      )}
      {newKey !== null && <NewKeyDialog newKey={newKey} onClose={() => setNewKey(null)} />}
    </div>
  );
}

function AccountMenu({
  account: { name, state },
  onChoose,
  onReopen,
}: {
  account: Account;
  onChoose: (act: Chosen["act"]) => void;
  onReopen: () => void;
}) {
  const t = useText();
  const label = t("buckets.actionsOf", { bucket: name });
  const open = { id: "reopen", label: t("access.account.reopen"), onAction: onReopen };
  const close = { id: "close", label: t("access.account.close"), isDangerous: true, onAction: () => onChoose("close") };
  const rekey = { id: "rekey", label: t("access.account.rekey"), isDangerous: true, onAction: () => onChoose("rekey") };
  return (
    <Menu
      label={label}
      trigger={<IconButton icon="more" label={label} />}
      actions={[state === "closed" ? open : close, rekey]}
    />
  );
}
