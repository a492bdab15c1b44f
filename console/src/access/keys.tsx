import { useState } from "react";
import type { AwsClient } from "../aws/client.ts";
import { type AccessKey, createKey, deleteKey, keyLastUsed, listKeys, setKeyActive } from "../aws/iam.ts";
import { queries, useClient } from "../session/session.ts";
import { formatAge, formatTime } from "../text/format.ts";
import { useText } from "../text/text.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import { DataTable } from "../ui/data-table.tsx";
import { Menu } from "../ui/menu.tsx";
import { Loaded, Section } from "../ui/section.tsx";
import { toastError } from "../ui/toasts.tsx";
import { NewKeyDialog } from "./new-key-dialog.tsx";
import type { NewKey } from "./snippets.ts";

const KEYS_MAX = 2;

type Row = AccessKey & { used: Awaited<ReturnType<typeof keyLastUsed>> };

async function readKeys(client: AwsClient, user: string): Promise<Row[]> {
  const keys = await listKeys(client, user);
  return Promise.all(keys.map(async (key) => ({ ...key, used: await keyLastUsed(client, key.id) })));
}

/** A user's access keys. The secret is shown once, when the key is made. */
export function Keys({ user }: { user: string }) {
  const t = useText();
  const client = useClient();
  const [newKey, setNewKey] = useState<NewKey | null>(null);
  const [deleting, setDeleting] = useState<string | null>(null);
  const key = ["iam", "user", user, "keys"];
  const readAgain = () => queries.invalidateQueries({ queryKey: key });
  const create = async () => {
    setNewKey(await createKey(client, user));
    await readAgain();
  };
  return (
    <Section title={t("access.keys")} hint={t("access.keysHint")}>
      <Loaded queryKey={key} read={() => readKeys(client, user)}>
        {(rows) => (
          <>
            {rows.length > 0 && (
              <KeysTable
                rows={rows}
                onDelete={setDeleting}
                onSwitch={({ id, isActive }) =>
                  void setKeyActive(client, user, id, !isActive).then(readAgain, toastError)
                }
              />
            )}
            <div className="actions">
              <Button icon="plus" isDisabled={rows.length >= KEYS_MAX} onPress={() => void create().catch(toastError)}>
                {t("access.createKey")}
              </Button>
            </div>
          </>
        )}
      </Loaded>
      {newKey !== null && <NewKeyDialog newKey={newKey} onClose={() => setNewKey(null)} />}
      {deleting !== null && (
        <ConfirmDialog
          title={t("access.deleteKey")}
          name={deleting}
          submit={t("access.deleteKey")}
          isOpen
          onClose={() => setDeleting(null)}
          onConfirm={async () => {
            await deleteKey(client, user, deleting);
            await readAgain();
          }}
        >
          {t("access.deleteKeyWarning")}
        </ConfirmDialog>
      )}
    </Section>
  );
}

function KeysTable({
  rows,
  onDelete,
  onSwitch,
}: {
  rows: readonly Row[];
  onDelete: (id: string) => void;
  onSwitch: (key: AccessKey) => void;
}) {
  const t = useText();
  return (
    <DataTable
      label={t("access.keys")}
      rows={rows}
      keyOf={({ id }) => id}
      columns={[
        { id: "id", title: t("account.key"), cell: ({ id }) => <span className="code">{id}</span> },
        {
          id: "state",
          title: t("operations.state"),
          cell: ({ isActive }) => t(isActive ? "access.active" : "access.inactive"),
        },
        { id: "created", title: t("buckets.created"), cell: ({ createdMs }) => formatTime(createdMs) },
        {
          id: "used",
          title: t("access.lastUsed"),
          cell: ({ used }) =>
            used === null ? t("operations.never") : `${formatAge(used.atMs, Date.now())} (${used.service})`,
        },
        {
          id: "actions",
          title: t("table.actions"),
          isTitleHidden: true,
          cell: (row) => (
            <Menu
              label={t("buckets.actionsOf", { bucket: row.id })}
              trigger={<IconButton icon="more" label={t("buckets.actionsOf", { bucket: row.id })} />}
              actions={[
                {
                  id: "switch",
                  label: t(row.isActive ? "access.deactivate" : "access.activate"),
                  onAction: () => onSwitch(row),
                },
                { id: "delete", label: t("access.deleteKey"), isDangerous: true, onAction: () => onDelete(row.id) },
              ]}
            />
          ),
        },
      ]}
    />
  );
}
