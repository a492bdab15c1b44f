import { useState } from "react";
import { QuotaForm } from "../buckets/settings/quota-form.tsx";
import { accountQuota, putAccountQuota } from "../buckets/usage.ts";
import { queries, useClient, useSession } from "../session/session.ts";
import { formatBytes, formatNumber } from "../text/format.ts";
import { useText } from "../text/text.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { type Column, DataTable } from "../ui/data-table.tsx";
import { FormDialog } from "../ui/dialog.tsx";
import { Select, TextField } from "../ui/fields.tsx";
import { Loaded, Section } from "../ui/section.tsx";
import { toastError } from "../ui/toasts.tsx";
import type { Account } from "./accounts.ts";
import { deleteRateLimit, MEASURES, putRateLimit, type RateLimit } from "./limits.ts";

/** Rates of accounts and keys, and how much an account may store. */
export function LimitsTab({ limits, accounts }: { limits: readonly RateLimit[]; accounts: readonly Account[] }) {
  const own = useSession()?.identity.accountId ?? "";
  const ids = accounts.length === 0 ? [own] : accounts.map(({ accountId }) => accountId);
  return (
    <>
      <RateLimits limits={limits} ids={ids} />
      <AccountQuotaSection accounts={accounts} ids={ids} />
    </>
  );
}

function RateLimits({ limits, ids }: { limits: readonly RateLimit[]; ids: readonly string[] }) {
  const t = useText();
  const client = useClient();
  const [isAdding, setAdding] = useState(false);
  const remove = async (limit: RateLimit) => {
    await deleteRateLimit(client, limit);
    await queries.invalidateQueries({ queryKey: ["limits"] });
  };
  const rate = (name: (typeof MEASURES)[number]): Column<RateLimit> => ({
    id: name,
    title: t(`access.rate.${name}`),
    isNumber: true,
    cell: ({ [name]: value }) => {
      if (value === null) return "–";
      return name === "requestsPerSecond" ? formatNumber(value) : formatBytes(value);
    },
  });
  return (
    <Section title={t("access.rateLimits")} hint={t("access.rateLimitsHint")}>
      <div className="actions">
        <Button icon="plus" onPress={() => setAdding(true)}>
          {t("access.setRateLimit")}
        </Button>
      </div>
      {limits.length === 0 ? (
        <p>{t("access.noRateLimits")}</p>
      ) : (
        <DataTable
          label={t("access.rateLimits")}
          rows={limits}
          keyOf={({ accountId, accessKeyId }) => `${accountId}/${accessKeyId}`}
          searchText={({ accountId, accessKeyId }) => `${accountId} ${accessKeyId}`}
          columns={[
            {
              id: "account",
              title: t("account.account"),
              cell: ({ accountId }) => <span className="code">{accountId}</span>,
            },
            {
              id: "key",
              title: t("account.key"),
              cell: ({ accessKeyId }) =>
                accessKeyId === null ? t("access.wholeAccount") : <span className="code">{accessKeyId}</span>,
            },
            ...MEASURES.map(rate),
            {
              id: "actions",
              title: t("table.actions"),
              isTitleHidden: true,
              cell: (limit) => (
                <IconButton
                  icon="trash"
                  label={t("access.removeRateLimit", { name: limit.accessKeyId ?? limit.accountId })}
                  onPress={() => void remove(limit).catch(toastError)}
                />
              ),
            },
          ]}
        />
      )}
      {isAdding && <RateLimitDialog ids={ids} onClose={() => setAdding(false)} />}
    </Section>
  );
}

function RateLimitDialog({ ids, onClose }: { ids: readonly string[]; onClose: () => void }) {
  const t = useText();
  const client = useClient();
  const [accountId, setAccount] = useState(ids[0] ?? "");
  const save = async (form: FormData) => {
    const of = (name: string) => String(form.get(name) ?? "").trim();
    const rate = (name: string) => (of(name) === "" ? null : Number(of(name)));
    const [requestsPerSecond, bytesInPerSecond, bytesOutPerSecond] = MEASURES.map(rate);
    await putRateLimit(client, {
      accountId,
      accessKeyId: of("key") || null,
      requestsPerSecond: requestsPerSecond ?? null,
      bytesInPerSecond: bytesInPerSecond ?? null,
      bytesOutPerSecond: bytesOutPerSecond ?? null,
    });
    await queries.invalidateQueries({ queryKey: ["limits"] });
  };
  return (
    <FormDialog title={t("access.setRateLimit")} submit={t("form.save")} isOpen onClose={onClose} onSubmit={save}>
      <Select
        label={t("account.account")}
        value={accountId}
        onChange={setAccount}
        options={ids.map((value) => ({ value, label: value }))}
      />
      <TextField name="key" label={t("account.key")} hint={t("access.rateKeyHint")} isCode />
      {MEASURES.map((name) => (
        <TextField key={name} name={name} label={t(`access.rate.${name}`)} inputMode="numeric" pattern="[0-9]*" />
      ))}
    </FormDialog>
  );
}

function AccountQuotaSection({ accounts, ids }: { accounts: readonly Account[]; ids: readonly string[] }) {
  const t = useText();
  const client = useClient();
  const [accountId, setAccount] = useState(ids[0] ?? "");
  const nameOf = (id: string) => accounts.find((one) => one.accountId === id)?.name ?? "";
  const queryKey = ["limits", "quota", accountId];
  return (
    <Section title={t("access.accountQuota")} hint={t("bucket.quotaHint")}>
      {ids.length > 1 && (
        <Select
          label={t("account.account")}
          value={accountId}
          onChange={setAccount}
          options={ids.map((value) => ({ value, label: `${value} ${nameOf(value)}` }))}
        />
      )}
      <Loaded key={accountId} queryKey={queryKey} read={() => accountQuota(client, accountId)}>
        {({ quota, used }) => (
          <>
            <dl className="facts">
              <dt>{t("buckets.size")}</dt>
              <dd>{formatBytes(used.bytes)}</dd>
              <dt>{t("bucket.versions")}</dt>
              <dd>{formatNumber(used.objects)}</dd>
            </dl>
            <QuotaForm
              quota={quota}
              onSave={async (next) => {
                await putAccountQuota(client, accountId, next);
                await queries.invalidateQueries({ queryKey });
              }}
            />
          </>
        )}
      </Loaded>
    </Section>
  );
}
