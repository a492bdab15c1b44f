import { putVersioning } from "../../aws/s3/bucket-settings.ts";
import { getVersioning } from "../../aws/s3/buckets.ts";
import { useClient } from "../../session/session.ts";
import { useText } from "../../text/text.ts";
import { SaveForm } from "../../ui/save-form.tsx";
import { Loaded, Section } from "../../ui/section.tsx";
import { readAgain, settingKey } from "./setting.ts";

export function Versioning({ bucket }: { bucket: string }) {
  const t = useText();
  const client = useClient();
  return (
    <Section title={t("bucket.versioning")} hint={t("bucket.versioningHint")}>
      <Loaded queryKey={settingKey(bucket, "versioning")} read={() => getVersioning(client, bucket)}>
        {(status) => {
          const next = status === "Enabled" ? "Suspended" : "Enabled";
          return (
            <SaveForm
              submit={t(`bucket.versioning.to${next}`)}
              onSave={async () => {
                await putVersioning(client, bucket, next);
                await readAgain(bucket);
              }}
            >
              <p>{t(`bucket.versioning.${status ?? "Never"}`)}</p>
            </SaveForm>
          );
        }}
      </Loaded>
    </Section>
  );
}
