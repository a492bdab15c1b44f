import { useQuery } from "@tanstack/react-query";
import { useGo, usePageSearch } from "../app/address.ts";
import { useClient, useSession } from "../session/session.ts";
import { useText } from "../text/text.ts";
import { Tabs } from "../ui/tabs.tsx";
import { listAccounts } from "./accounts.ts";
import { AccountsTab } from "./accounts-tab.tsx";
import { listRateLimits } from "./limits.ts";
import { LimitsTab } from "./limits-tab.tsx";
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
  const limits = useQuery({
    queryKey: ["limits"],
    queryFn: () => listRateLimits(client),
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
  const limitsTab = {
    id: "limits",
    label: t("access.limits"),
    content: () => <LimitsTab limits={limits.data ?? []} accounts={accounts.data ?? []} />,
  };
  // Of those that only some may see.
  const shown = [
    ...tabs,
    ...(accounts.data === undefined ? [] : [accountsTab]),
    ...(limits.data === undefined ? [] : [limitsTab]),
  ];
  return (
    <div className="page">
      <header className="page-header">
        <h1>{t("access.title")}</h1>
      </header>
      <Tabs
        label={t("access.title")}
        selected={shown.some(({ id }) => id === tab) ? tab : "users"}
        onSelect={(next) => go("/access", { tab: next }, { replace: true })}
        tabs={shown}
      />
    </div>
  );
}
