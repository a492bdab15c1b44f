import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { getLock } from "../../aws/s3/bucket-settings.ts";
import { putLegalHold, putRetention } from "../../aws/s3/objects.ts";
import { settingKey } from "../../buckets/settings/setting.ts";
import { queries, useClient } from "../../session/session.ts";
import { formatTime } from "../../text/format.ts";
import { text, useText } from "../../text/text.ts";
import { Button } from "../../ui/button.tsx";
import { FormDialog } from "../../ui/dialog.tsx";
import { ErrorNotice } from "../../ui/error-notice.tsx";
import { Select, Switch, TextField } from "../../ui/fields.tsx";
import { Loading, Notice } from "../../ui/notice.tsx";
import { toast, toastError } from "../../ui/toasts.tsx";
import type { PanelProps } from "./details-dialog.tsx";

type Mode = "GOVERNANCE" | "COMPLIANCE";

/** Retention and legal hold, in a bucket that has object lock. */
export function LockPanel({ of, head }: PanelProps) {
  const t = useText();
  const client = useClient();
  const [isEditing, setEditing] = useState(false);
  const { data: lock, error } = useQuery({
    queryKey: settingKey(of.bucket, "lock"),
    queryFn: () => getLock(client, of.bucket),
  });
  if (error !== null) return <ErrorNotice error={error} />;
  if (lock === undefined) return <Loading label={t("loading")} />;
  if (lock === null) return <p className="quiet">{t("lock.none")}</p>;
  const refresh = () => queries.invalidateQueries({ queryKey: ["objects", of.bucket] });
  const hold = (isOn: boolean) => void putLegalHold(client, of, isOn).then(refresh).catch(toastError);
  return (
    <div className="stack">
      <p>
        {head.retention === null
          ? t("lock.noRetention")
          : t("lock.retained", { mode: head.retention.mode, time: formatTime(head.retention.until) })}
      </p>
      <div className="actions">
        <Button onPress={() => setEditing(true)}>{t("lock.edit")}</Button>
      </div>
      <Switch isSelected={head.legalHold === true} onChange={hold}>
        {t("lock.hold")}
      </Switch>
      {isEditing && <RetentionDialog of={of} head={head} onClose={() => setEditing(false)} onSaved={refresh} />}
    </div>
  );
}

function RetentionDialog({
  of,
  head,
  onClose,
  onSaved,
}: PanelProps & { onClose: () => void; onSaved: () => Promise<void> }) {
  const t = useText();
  const client = useClient();
  const [mode, setMode] = useState<Mode>(head.retention?.mode === "COMPLIANCE" ? "COMPLIANCE" : "GOVERNANCE");
  const [bypass, setBypass] = useState(false);
  const save = async (form: FormData) => {
    const until = new Date(`${String(form.get("until"))}:00`).toISOString();
    await putRetention(client, of, { mode, until, bypass });
    await onSaved();
    toast(text("lock.saved"));
  };
  return (
    <FormDialog title={t("lock.edit")} submit={t("action.save")} isOpen onClose={onClose} onSubmit={save}>
      <Select
        label={t("lock.mode")}
        value={mode}
        options={[
          { value: "GOVERNANCE", label: t("lock.governance") },
          { value: "COMPLIANCE", label: t("lock.compliance") },
        ]}
        onChange={setMode}
      />
      {mode === "COMPLIANCE" && <Notice tone="warning">{t("lock.complianceWarning")}</Notice>}
      <TextField name="until" type="datetime-local" label={t("lock.until")} isRequired />
      {head.retention?.mode === "GOVERNANCE" && (
        <Switch isSelected={bypass} onChange={setBypass}>
          {t("lock.bypass")}
        </Switch>
      )}
    </FormDialog>
  );
}
