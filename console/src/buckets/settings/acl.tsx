import { useState } from "react";
import {
  CANNED_ACLS,
  type CannedAcl,
  getAcl,
  getOwnership,
  OWNERSHIPS,
  type Ownership as OwnershipValue,
  putAcl,
  putOwnership,
} from "../../aws/s3/bucket-settings.ts";
import { useClient } from "../../session/session.ts";
import { useText } from "../../text/text.ts";
import { DataTable } from "../../ui/data-table.tsx";
import { Select } from "../../ui/fields.tsx";
import { Notice } from "../../ui/notice.tsx";
import { SaveForm } from "../../ui/save-form.tsx";
import { Loaded, Section } from "../../ui/section.tsx";
import { readAgain, settingKey } from "./setting.ts";

export function Ownership({ bucket }: { bucket: string }) {
  const t = useText();
  const client = useClient();
  const save = async (ownership: OwnershipValue) => {
    await putOwnership(client, bucket, ownership);
    await readAgain(bucket);
  };
  return (
    <Section title={t("bucket.ownership")} hint={t("bucket.ownershipHint")}>
      <Loaded queryKey={settingKey(bucket, "ownership")} read={() => getOwnership(client, bucket)}>
        {(ownership) => <OwnershipForm ownership={ownership} onSave={save} />}
      </Loaded>
    </Section>
  );
}

function OwnershipForm({
  ownership,
  onSave,
}: {
  ownership: OwnershipValue;
  onSave: (ownership: OwnershipValue) => Promise<void>;
}) {
  const t = useText();
  const [chosen, choose] = useState(ownership);
  return (
    <SaveForm onSave={() => onSave(chosen)}>
      <Select
        label={t("bucket.ownership")}
        value={chosen}
        onChange={choose}
        options={OWNERSHIPS.map((value) => ({ value, label: t(`bucket.ownership.${value}`) }))}
      />
    </SaveForm>
  );
}

/** Only where ACLs count: with the bucket owner enforced they are refused. */
export function Acl({ bucket }: { bucket: string }) {
  const t = useText();
  const client = useClient();
  const read = async () => {
    const [ownership, grants] = await Promise.all([getOwnership(client, bucket), getAcl(client, bucket)]);
    return { counts: ownership !== "BucketOwnerEnforced", grants };
  };
  return (
    <Loaded queryKey={settingKey(bucket, "acl")} read={read}>
      {({ counts, grants }) =>
        counts && (
          <Section title={t("bucket.acl")}>
            <DataTable
              label={t("bucket.acl")}
              rows={grants}
              keyOf={({ grantee, permission }) => `${grantee} ${permission}`}
              columns={[
                { id: "grantee", title: t("bucket.grantee"), cell: ({ grantee }) => <bdi>{grantee}</bdi> },
                { id: "permission", title: t("bucket.permission"), cell: ({ permission }) => permission },
              ]}
            />
            <AclForm
              onSave={async (acl) => {
                await putAcl(client, bucket, acl);
                await readAgain(bucket);
              }}
            />
          </Section>
        )
      }
    </Loaded>
  );
}

function AclForm({ onSave }: { onSave: (acl: CannedAcl) => Promise<void> }) {
  const t = useText();
  const [acl, setAcl] = useState<CannedAcl>("private");
  return (
    <SaveForm onSave={() => onSave(acl)}>
      <Select
        label={t("bucket.aclReplace")}
        value={acl}
        onChange={setAcl}
        options={CANNED_ACLS.map((value) => ({ value, label: t(`bucket.acl.${value}`) }))}
      />
      {acl !== "private" && <Notice tone="warning">{t("bucket.publicWarning")}</Notice>}
    </SaveForm>
  );
}
