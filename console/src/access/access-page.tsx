import { useQuery } from "@tanstack/react-query";
import { useGo, usePageSearch } from "../app/address.ts";
import { useClient, useSession } from "../session/session.ts";
import { useText } from "../text/text.ts";
import { Tabs } from "../ui/tabs.tsx";
import { listAccounts } from "./accounts.ts";
import { AccountsTab } from "./accounts-tab.tsx";
import { PoliciesTab } from "./policies-tab.tsx";
import { PrincipalsTab } from "./principals-tab.tsx";

const FIRST_ACCOUNT = "100000000001";

/** Users, groups, roles and policies of the account; all accounts, for those who may see them. */
export default function AccessPage() {
  const t = useText();
  const go = useGo();
  const client = useClient();
  const { tab = "users" } = usePageSearch();
  const accountId = useSession()?.identity.accountId;
  const accounts = useQuery({
    queryKey: ["accounts"],
    queryFn: () => listAccounts(client),
    enabled: accountId === FIRST_ACCOUNT,
    retry: false,
  });
  const tabs = [
    { id: "users", label: t("access.users"), content: () => <PrincipalsTab key="user" kind="user" /> },
    { id: "groups", label: t("access.groups"), content: () => <PrincipalsTab key="group" kind="group" /> },
    { id: "roles", label: t("access.roles"), content: () => <PrincipalsTab key="role" kind="role" /> },
    { id: "policies", label: t("access.policies"), content: () => <PoliciesTab /> },
  ];
  const accountsTab = {
    id: "accounts",
    label: t("access.accounts"),
    content: () => <AccountsTab accounts={accounts.data ?? []} />,
  };
  return (
    <div className="page">
      <header className="page-header">
        <h1>{t("access.title")}</h1>
      </header>
      <Tabs
        label={t("access.title")}
        selected={tab === "accounts" && accounts.data === undefined ? "users" : tab}
        onSelect={(next) => go("/access", { tab: next }, { replace: true })}
        tabs={accounts.data === undefined ? tabs : [...tabs, accountsTab]}
      />
    </div>
  );
}
