import { useState } from "react";
import { useGo } from "../app/address.ts";
import {
  OWNERSHIPS,
  type Ownership,
  putEncryption,
  putPublicAccessBlock,
  putVersioning,
} from "../aws/s3/bucket-settings.ts";
import { createBucket, type NewBucket } from "../aws/s3/buckets.ts";
import { queries, useClient } from "../session/session.ts";
import { useText } from "../text/text.ts";
import { FormDialog } from "../ui/dialog.tsx";
import { Select, Switch, TextField } from "../ui/fields.tsx";
import { Notice } from "../ui/notice.tsx";

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
    const bucket: NewBucket = { name: String(form.get("name")), isLocked, ownership };
    await createBucket(client, bucket);
    // The bucket is there: what cannot be set now is set on its page, where the refusal is seen.
    if (isVersioned && !isLocked) await putVersioning(client, bucket.name, "Enabled");
    if (!isBlocked) await putPublicAccessBlock(client, bucket.name, UNBLOCKED);
    if (encryption !== "default") {
      await putEncryption(client, bucket.name, { algorithm: encryption, keyId, bucketKey: encryption === "aws:kms" });
    }
    await queries.invalidateQueries({ queryKey: ["buckets"] });
    go("/objects", { bucket: bucket.name });
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

const UNBLOCKED = {
  BlockPublicAcls: false,
  IgnorePublicAcls: false,
  BlockPublicPolicy: false,
  RestrictPublicBuckets: false,
};
