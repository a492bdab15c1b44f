import { useState } from "react";
import { PolicyForm } from "../../access/policy-form.tsx";
import { deleteConfiguration, getPolicy, putPolicy } from "../../aws/s3/bucket-settings.ts";
import { useClient, useSession } from "../../session/session.ts";
import { useText } from "../../text/text.ts";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/confirm-dialog.tsx";
import { Loaded, Section } from "../../ui/section.tsx";
import { readAgain, settingKey } from "./setting.ts";

export function PolicySection({ bucket }: { bucket: string }) {
  const t = useText();
  const client = useClient();
  return (
    <Section title={t("bucket.policy")} hint={t("bucket.policyHint")}>
      <Loaded queryKey={settingKey(bucket, "policy")} read={() => getPolicy(client, bucket)}>
        {(policy) => <BucketPolicy key={policy} bucket={bucket} policy={policy} />}
      </Loaded>
    </Section>
  );
}

function BucketPolicy({ bucket, policy }: { bucket: string; policy: string | null }) {
  const t = useText();
  const client = useClient();
  const accountId = useSession()?.identity.accountId ?? "";
  const [isDeleting, setDeleting] = useState(false);
  const arns = [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`, `arn:aws:iam::${accountId}:root`];
  return (
    <>
      <PolicyForm
        label={t("bucket.policy")}
        document={policy ?? examplePolicy(bucket, accountId)}
        arns={arns}
        onSave={async (document) => {
          await putPolicy(client, bucket, document);
          await readAgain(bucket);
        }}
        more={
          policy !== null && (
            <Button variant="danger" onPress={() => setDeleting(true)}>
              {t("bucket.policyDelete")}
            </Button>
          )
        }
      >
        {policy === null && <p>{t("bucket.noPolicy")}</p>}
      </PolicyForm>
      <ConfirmDialog
        title={t("bucket.policyDelete")}
        name={bucket}
        submit={t("bucket.policyDelete")}
        isOpen={isDeleting}
        onClose={() => setDeleting(false)}
        onConfirm={async () => {
          await deleteConfiguration(client, bucket, "policy");
          await readAgain(bucket);
        }}
      >
        {t("bucket.policyDeleteWarning")}
      </ConfirmDialog>
    </>
  );
}

/** Lets the account itself read: a beginning that lets nobody in who is not in already. */
function examplePolicy(bucket: string, accountId: string): string {
  const statement = {
    Sid: "Read",
    Effect: "Allow",
    Principal: { AWS: `arn:aws:iam::${accountId}:root` },
    Action: ["s3:GetObject"],
    Resource: [`arn:aws:s3:::${bucket}/*`],
  };
  return JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
}
