import { useState } from "react";
import {
  getPublicAccessBlock,
  isPolicyPublic,
  PUBLIC_ACCESS_MEMBERS,
  type PublicAccessBlock,
  putPublicAccessBlock,
} from "../../aws/s3/bucket-settings.ts";
import { useClient } from "../../session/session.ts";
import { useText } from "../../text/text.ts";
import { Switch } from "../../ui/fields.tsx";
import { Notice } from "../../ui/notice.tsx";
import { SaveForm } from "../../ui/save-form.tsx";
import { Loaded, Section } from "../../ui/section.tsx";
import { readAgain, settingKey } from "./setting.ts";

export function PublicAccess({ bucket }: { bucket: string }) {
  const t = useText();
  const client = useClient();
  const read = async () => {
    const [block, isPublic] = await Promise.all([getPublicAccessBlock(client, bucket), isPolicyPublic(client, bucket)]);
    return { block, isPublic: isPublic === true };
  };
  const save = async (block: PublicAccessBlock) => {
    await putPublicAccessBlock(client, bucket, block);
    await readAgain(bucket);
  };
  return (
    <Section title={t("bucket.publicAccess")} hint={t("bucket.publicAccessHint")}>
      <Loaded queryKey={settingKey(bucket, "public-access")} read={read}>
        {({ block, isPublic }) => (
          <>
            {isPublic && !block.RestrictPublicBuckets && <Notice tone="danger">{t("bucket.isPublic")}</Notice>}
            <BlockForm block={block} onSave={save} />
          </>
        )}
      </Loaded>
    </Section>
  );
}

function BlockForm({
  block,
  onSave,
}: {
  block: PublicAccessBlock;
  onSave: (block: PublicAccessBlock) => Promise<void>;
}) {
  const t = useText();
  const [chosen, choose] = useState(block);
  const isOpen = PUBLIC_ACCESS_MEMBERS.some((name) => !chosen[name]);
  return (
    <SaveForm onSave={() => onSave(chosen)}>
      {PUBLIC_ACCESS_MEMBERS.map((name) => (
        <Switch key={name} isSelected={chosen[name]} onChange={(value) => choose({ ...chosen, [name]: value })}>
          {t(`bucket.block.${name}`)}
        </Switch>
      ))}
      {isOpen && <Notice tone="warning">{t("bucket.publicWarning")}</Notice>}
    </SaveForm>
  );
}
