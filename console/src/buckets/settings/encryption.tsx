import { useState } from "react";
import { deleteConfiguration, type Encryption, getEncryption, putEncryption } from "../../aws/s3/bucket-settings.ts";
import { useClient } from "../../session/session.ts";
import { useText } from "../../text/text.ts";
import { Select, Switch, TextField } from "../../ui/fields.tsx";
import { SaveForm } from "../../ui/save-form.tsx";
import { Loaded, Section } from "../../ui/section.tsx";
import { readAgain, settingKey } from "./setting.ts";

export function EncryptionSection({ bucket }: { bucket: string }) {
  const t = useText();
  const client = useClient();
  const save = async (encryption: Encryption | null) => {
    if (encryption === null) await deleteConfiguration(client, bucket, "encryption");
    else await putEncryption(client, bucket, encryption);
    await readAgain(bucket);
  };
  return (
    <Section title={t("bucket.encryption")} hint={t("bucket.encryptionHint")}>
      <Loaded queryKey={settingKey(bucket, "encryption")} read={() => getEncryption(client, bucket)}>
        {(encryption) => <EncryptionForm encryption={encryption} onSave={save} />}
      </Loaded>
    </Section>
  );
}

function EncryptionForm({
  encryption,
  onSave,
}: {
  encryption: Encryption | null;
  onSave: (encryption: Encryption | null) => Promise<void>;
}) {
  const t = useText();
  const [algorithm, setAlgorithm] = useState<Encryption["algorithm"] | "default">(encryption?.algorithm ?? "default");
  const [keyId, setKeyId] = useState(encryption?.keyId ?? "");
  const [bucketKey, setBucketKey] = useState(encryption?.bucketKey ?? true);
  const isKms = algorithm === "aws:kms" || algorithm === "aws:kms:dsse";
  return (
    <SaveForm onSave={() => onSave(algorithm === "default" ? null : { algorithm, keyId, bucketKey })}>
      <Select
        label={t("bucket.encryptionOfNew")}
        value={algorithm}
        onChange={setAlgorithm}
        options={(["default", "AES256", "aws:kms", "aws:kms:dsse"] as const).map((value) => ({
          value,
          label: t(`bucket.encryption.${value}`),
        }))}
      />
      {isKms && (
        <TextField label={t("bucket.kmsKey")} hint={t("bucket.kmsKeyHint")} value={keyId} onChange={setKeyId} isCode />
      )}
      {algorithm === "aws:kms" && (
        <Switch isSelected={bucketKey} onChange={setBucketKey}>
          {t("bucket.bucketKey")}
        </Switch>
      )}
    </SaveForm>
  );
}
