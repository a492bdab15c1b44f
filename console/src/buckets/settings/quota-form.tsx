import { useState } from "react";
import { formatBytes } from "../../text/format.ts";
import { useText } from "../../text/text.ts";
import { TextField } from "../../ui/fields.tsx";
import { SaveForm } from "../../ui/save-form.tsx";
import type { Quota } from "../usage.ts";

const LIMITS = ["bytesMax", "objectsMax", "bytesSoft", "objectsSoft"] as const;

/** The four limits of a bucket or an account; empty: no limit. */
export function QuotaForm({ quota, onSave }: { quota: Quota; onSave: (quota: Quota) => Promise<void> }) {
  const t = useText();
  const [typed, setTyped] = useState(() => LIMITS.map((name) => String(quota[name] ?? "")));
  const save = () => {
    const [bytesMax, objectsMax, bytesSoft, objectsSoft] = typed.map((text) =>
      text.trim() === "" ? null : Number(text),
    );
    return onSave({
      bytesMax: bytesMax ?? null,
      objectsMax: objectsMax ?? null,
      bytesSoft: bytesSoft ?? null,
      objectsSoft: objectsSoft ?? null,
    });
  };
  return (
    <SaveForm onSave={save}>
      <div className="columns">
        {LIMITS.map((name, index) => (
          <TextField
            key={name}
            label={t(`bucket.quota.${name}`)}
            value={typed[index] ?? ""}
            onChange={(text) => setTyped(typed.map((old, at) => (at === index ? text : old)))}
            inputMode="numeric"
            pattern="[0-9]*"
            {...(name.startsWith("bytes") && /^\d+$/.test(typed[index] ?? "")
              ? { hint: formatBytes(Number(typed[index])) }
              : {})}
          />
        ))}
      </div>
    </SaveForm>
  );
}
