import { useState } from "react";
import { hrefOf, useGo, usePageSearch } from "../app/address.ts";
import { deletePrincipal, type PrincipalKind, type Subject } from "../aws/iam.ts";
import { queries, useClient } from "../session/session.ts";
import { useText } from "../text/text.ts";
import { Button } from "../ui/button.tsx";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import { Keys } from "./keys.tsx";
import { Memberships } from "./memberships.tsx";
import { AttachedPolicies, InlinePolicies } from "./principal-policies.tsx";
import { Trust } from "./trust.tsx";

const TABS = { user: "users", group: "groups", role: "roles" } as const;

function kindOf(text: string | undefined): PrincipalKind {
  return text === "group" || text === "role" ? text : "user";
}

/** One user, group or role, and all that belongs to it. */
export default function PrincipalPage() {
  const t = useText();
  const { kind: asked, name = "" } = usePageSearch();
  const kind = kindOf(asked);
  const subject: Subject = { kind, name };
  const place = `${kind}/${name}`;
  return (
    <div className="page">
      <header className="page-header">
        <h1>
          {t(`access.title.${kind}`)} <bdi>{name}</bdi>
        </h1>
        <div className="actions">
          <a href={hrefOf("/access", { tab: TABS[kind] })}>{t("access.back")}</a>
          <DeleteButton subject={subject} />
        </div>
      </header>
      {kind === "user" && <Keys key={place} user={name} />}
      {kind !== "role" && <Memberships key={`${place}/groups`} kind={kind} name={name} />}
      {kind === "role" && <Trust key={place} role={name} />}
      <AttachedPolicies key={`${place}/attached`} subject={subject} />
      <InlinePolicies key={`${place}/inline`} subject={subject} />
    </div>
  );
}

function DeleteButton({ subject }: { subject: Subject }) {
  const t = useText();
  const go = useGo();
  const client = useClient();
  const [isAsking, setAsking] = useState(false);
  const { kind, name } = subject;
  const confirm = async () => {
    await deletePrincipal(client, subject);
    await queries.invalidateQueries({ queryKey: ["iam"] });
    go("/access", { tab: TABS[kind] });
  };
  return (
    <>
      <Button variant="danger" icon="trash" onPress={() => setAsking(true)}>
        {t(`access.delete.${kind}`)}
      </Button>
      <ConfirmDialog
        title={t(`access.delete.${kind}`)}
        name={name}
        submit={t(`access.delete.${kind}`)}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        onConfirm={confirm}
      >
        {t(`access.deleteWarning.${kind}`)}
      </ConfirmDialog>
    </>
  );
}
