import { useState } from "react";
import { useGo } from "../app/address.ts";
import { OWNERSHIPS, type Ownership } from "../aws/s3/bucket-settings.ts";
import { createWithSettings } from "../aws/s3/new-bucket.ts";
import { queries, useClient } from "../session/session.ts";
import { useText } from "../text/text.ts";
import { FormDialog } from "../ui/dialog.tsx";
import { Select, Switch, TextField } from "../ui/fields.tsx";
import { Notice } from "../ui/notice.tsx";
import { toastError } from "../ui/toasts.tsx";

type EncryptionChoice = "default" | "AES256" | "aws:kms";

/** A new bucket with all that can be chosen for it. */
export function CreateBucketDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const t = useText();
  const go = useGo();
  const client = useClient();
  const [isVersioned, setVersioned] = useState(false);
  const [isLocked, setLocked] = useState(false);
  const [isBlocked, setBlocked] = useState(true);
  const [ownership, setOwnership] = useState<Ownership>("BucketOwnerEnforced");
  const [encryption, setEncryption] = useState<EncryptionChoice>("default");
  const [keyId, setKeyId] = useState("");
  const create = async (form: FormData) => {
    const name = String(form.get("name"));
    const chosen =
      encryption === "default" ? null : { algorithm: encryption, keyId, bucketKey: encryption === "aws:kms" };
    const settings = { isVersioned, isBlocked, encryption: chosen };
    const refused = await createWithSettings(client, { name, isLocked, ownership }, settings);
    // The bucket is there, so creating it again would be refused: what was not set is told, and can be set on its page.
    for (const error of refused) toastError(error);
    await queries.invalidateQueries({ queryKey: ["buckets"] });
    go(refused.length > 0 ? "/bucket" : "/objects", { bucket: name });
  };
  return (
    <FormDialog
      title={t("buckets.create")}
      submit={t("buckets.create")}
      isOpen={isOpen}
      onClose={() => {
        void queries.invalidateQueries({ queryKey: ["buckets"] });
        onClose();
      }}
      onSubmit={create}
    >
      <TextField name="name" label={t("buckets.name")} hint={t("buckets.nameHint")} isRequired isCode autoFocus />
      <Switch isSelected={isVersioned || isLocked} isDisabled={isLocked} onChange={setVersioned}>
        {t("bucket.versioning")}
      </Switch>
      <Switch isSelected={isLocked} onChange={setLocked}>
        {t("bucket.lock")}
      </Switch>
      {isLocked && <Notice tone="info">{t("bucket.lockForGood")}</Notice>}
      <Switch isSelected={isBlocked} onChange={setBlocked}>
        {t("bucket.blockPublic")}
      </Switch>
      {!isBlocked && <Notice tone="warning">{t("bucket.publicWarning")}</Notice>}
      <Select
        label={t("bucket.ownership")}
        value={ownership}
        onChange={setOwnership}
        options={OWNERSHIPS.map((value) => ({ value, label: t(`bucket.ownership.${value}`) }))}
      />
      <Select
        label={t("bucket.encryption")}
        value={encryption}
        onChange={setEncryption}
        options={(["default", "AES256", "aws:kms"] as const).map((value) => ({
          value,
          label: t(`bucket.encryption.${value}`),
        }))}
      />
      {encryption === "aws:kms" && (
        <TextField label={t("bucket.kmsKey")} hint={t("bucket.kmsKeyHint")} value={keyId} onChange={setKeyId} isCode />
      )}
    </FormDialog>
  );
}
