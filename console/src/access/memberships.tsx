import { useState } from "react";
import { hrefOf } from "../app/address.ts";
import { changeMembership, groupsOf, listPrincipals, membersOf } from "../aws/iam.ts";
import { queries, useClient } from "../session/session.ts";
import { useText } from "../text/text.ts";
import { IconButton } from "../ui/button.tsx";
import { Select } from "../ui/fields.tsx";
import { SaveForm } from "../ui/save-form.tsx";
import { Loaded, Section } from "../ui/section.tsx";
import { toastError } from "../ui/toasts.tsx";

/** The groups of a user, or the users of a group. */
export function Memberships({ kind, name }: { kind: "user" | "group"; name: string }) {
  const t = useText();
  const client = useClient();
  const other = kind === "user" ? "group" : "user";
  const key = ["iam", kind, name, "memberships"];
  const read = async () => {
    const [own, all] = await Promise.all([
      kind === "user" ? groupsOf(client, name) : membersOf(client, name),
      listPrincipals(client, other),
    ]);
    return { own, others: all.map((one) => one.name).filter((one) => !own.includes(one)) };
  };
  const change = async (how: "Add" | "Remove", one: string) => {
    await changeMembership(client, how, kind === "user" ? one : name, kind === "user" ? name : one);
    await queries.invalidateQueries({ queryKey: ["iam"] });
  };
  return (
    <Section title={t(kind === "user" ? "access.groups" : "access.users")}>
      <Loaded queryKey={key} read={read}>
        {({ own, others }) => (
          <>
            {own.length === 0 && <p>{t(`access.noMembership.${kind}`)}</p>}
            <ul className="plain-list">
              {own.map((one) => (
                <li key={one}>
                  <a href={hrefOf("/access/principal", { kind: other, name: one })}>
                    <bdi>{one}</bdi>
                  </a>
                  <IconButton
                    icon="trash"
                    label={t("access.remove", { name: one })}
                    onPress={() => void change("Remove", one).catch(toastError)}
                  />
                </li>
              ))}
            </ul>
            {others.length > 0 && <AddForm key={others.join()} others={others} onAdd={(one) => change("Add", one)} />}
          </>
        )}
      </Loaded>
    </Section>
  );
}

function AddForm({ others, onAdd }: { others: readonly string[]; onAdd: (one: string) => Promise<void> }) {
  const t = useText();
  const [chosen, choose] = useState(others[0] ?? "");
  return (
    <SaveForm submit={t("access.add")} onSave={() => onAdd(chosen)}>
      <Select
        label={t("access.add")}
        value={chosen}
        onChange={choose}
        options={others.map((value) => ({ value, label: value }))}
      />
    </SaveForm>
  );
}
