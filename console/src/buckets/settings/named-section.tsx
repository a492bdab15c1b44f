import { type ReactNode, useState } from "react";
import { deleteNamed, type Filter, listNamed, type NamedKind, prefixOf } from "../../aws/s3/reports.ts";
import { useClient } from "../../session/session.ts";
import { useText } from "../../text/text.ts";
import { Button, IconButton } from "../../ui/button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { FormDialog } from "../../ui/dialog.tsx";
import { Loaded, Section } from "../../ui/section.tsx";
import { readAgain, settingKey } from "./setting.ts";

/** Configurations of a bucket that have ids, and may be of a prefix alone: a table, a dialog that adds one, and one that removes. */
export function NamedSection<Value extends { Id: string; Filter?: Filter }>({
  bucket,
  kind,
  title,
  hint,
  columns,
  dialog,
}: {
  bucket: string;
  kind: NamedKind<Value>;
  title: string;
  hint: string;
  columns: readonly Column<Value>[];
  /** Adds one, or changes the one of the same id. */
  dialog: (close: () => void) => ReactNode;
}) {
  const t = useText();
  const client = useClient();
  const [isAdding, setAdding] = useState(false);
  const [removing, remove] = useState<string | null>(null);
  return (
    <Section title={title} hint={hint}>
      <div className="actions">
        <Button icon="plus" onPress={() => setAdding(true)}>
          {t("bucket.addConfiguration")}
        </Button>
      </div>
      <Loaded queryKey={settingKey(bucket, kind.query)} read={() => listNamed(client, bucket, kind)}>
        {(found) =>
          found.length === 0 ? (
            <p>{t("bucket.noConfigurations")}</p>
          ) : (
            <DataTable
              label={title}
              rows={found}
              keyOf={({ Id }) => Id}
              searchText={({ Id }) => Id}
              columns={[
                { id: "id", title: t("bucket.id"), cell: ({ Id }) => <bdi className="code">{Id}</bdi> },
                {
                  id: "prefix",
                  title: t("bucket.onlyPrefix"),
                  cell: ({ Filter: filter }) => <bdi className="code">{prefixOf(filter)}</bdi>,
                },
                ...columns,
                {
                  id: "actions",
                  title: t("table.actions"),
                  isTitleHidden: true,
                  cell: ({ Id }) => (
                    <IconButton
                      icon="trash"
                      label={t("bucket.removeConfiguration", { id: Id })}
                      onPress={() => remove(Id)}
                    />
                  ),
                },
              ]}
            />
          )
        }
      </Loaded>
      {isAdding && dialog(() => setAdding(false))}
      {removing !== null && (
        <FormDialog
          title={t("bucket.removeConfiguration", { id: removing })}
          submit={t("editor.remove")}
          isOpen
          isDangerous
          onClose={() => remove(null)}
          onSubmit={async () => {
            await deleteNamed(client, bucket, kind, removing);
            await readAgain(bucket);
          }}
        />
      )}
    </Section>
  );
}
