import { useState } from "react";
import { getLock, type LockDefault, putLock } from "../../aws/s3/bucket-settings.ts";
import { useClient } from "../../session/session.ts";
import { useText } from "../../text/text.ts";
import { Select, TextField } from "../../ui/fields.tsx";
import { Notice } from "../../ui/notice.tsx";
import { SaveForm } from "../../ui/save-form.tsx";
import { Loaded, Section } from "../../ui/section.tsx";
import { readAgain, settingKey } from "./setting.ts";

export function Lock({ bucket }: { bucket: string }) {
  const t = useText();
  const client = useClient();
  const save = async (retention: LockDefault | null) => {
    await putLock(client, bucket, retention);
    await readAgain(bucket);
  };
  return (
    <Section title={t("bucket.lock")} hint={t("bucket.lockHint")}>
      <Loaded queryKey={settingKey(bucket, "lock")} read={() => getLock(client, bucket)}>
        {(lock) =>
          lock === null ? (
            <SaveForm submit={t("bucket.lockTurnOn")} onSave={() => save(null)}>
              <Notice tone="warning">{t("bucket.lockForGood")}</Notice>
            </SaveForm>
          ) : (
            <LockForm retention={lock.retention} onSave={save} />
          )
        }
      </Loaded>
    </Section>
  );
}

function LockForm({
  retention,
  onSave,
}: {
  retention: LockDefault | null;
  onSave: (retention: LockDefault | null) => Promise<void>;
}) {
  const t = useText();
  const [mode, setMode] = useState<LockDefault["mode"] | "none">(retention?.mode ?? "none");
  const [unit, setUnit] = useState<LockDefault["unit"]>(retention?.unit ?? "Days");
  const [count, setCount] = useState(String(retention?.count ?? 30));
  return (
    <SaveForm onSave={() => onSave(mode === "none" ? null : { mode, unit, count: Number(count) })}>
      <Select
        label={t("bucket.lockDefault")}
        value={mode}
        onChange={setMode}
        options={(["none", "GOVERNANCE", "COMPLIANCE"] as const).map((value) => ({
          value,
          label: t(`bucket.lockMode.${value}`),
        }))}
      />
      {mode === "COMPLIANCE" && <Notice tone="warning">{t("bucket.complianceWarning")}</Notice>}
      {mode !== "none" && (
        <div className="columns">
          <TextField
            label={t("bucket.lockFor")}
            value={count}
            onChange={setCount}
            inputMode="numeric"
            pattern="[1-9][0-9]*"
            isRequired
          />
          <Select
            label={t("bucket.lockUnit")}
            value={unit}
            onChange={setUnit}
            options={(["Days", "Years"] as const).map((value) => ({ value, label: t(`bucket.lockUnit.${value}`) }))}
          />
        </div>
      )}
    </SaveForm>
  );
}
