import { putNamed, TIERING, type Tiering } from "../../aws/s3/reports.ts";
import { useClient } from "../../session/session.ts";
import { useText } from "../../text/text.ts";
import { FormDialog } from "../../ui/dialog.tsx";
import { TextField } from "../../ui/fields.tsx";
import { NamedSection } from "./named-section.tsx";
import { readAgain } from "./setting.ts";

const TIERS = ["ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS"] as const;

/** After how many days without access objects of INTELLIGENT_TIERING go to the archive tiers. */
export function TieringSection({ bucket }: { bucket: string }) {
  const t = useText();
  return (
    <NamedSection
      bucket={bucket}
      kind={TIERING}
      title={t("bucket.tierings")}
      hint={t("bucket.tieringsHint")}
      columns={[
        {
          id: "tiers",
          title: t("bucket.tiers"),
          cell: ({ Status, Tierings }) =>
            Status === "Enabled" ? <Tiers tierings={Tierings} /> : t("bucket.isDisabled"),
        },
      ]}
      dialog={(close) => <AddTiering bucket={bucket} onClose={close} />}
    />
  );
}

function Tiers({ tierings }: { tierings: Tiering["Tierings"] }) {
  const t = useText();
  return tierings.map(({ AccessTier, Days }) => (
    <div key={AccessTier}>
      {t(`bucket.tier.${AccessTier}`)}: {Days}
    </div>
  ));
}

function AddTiering({ bucket, onClose }: { bucket: string; onClose: () => void }) {
  const t = useText();
  const client = useClient();
  const add = async (form: FormData) => {
    const of = (name: string) => String(form.get(name) ?? "");
    const prefix = of("prefix");
    await putNamed(client, bucket, TIERING, {
      Id: of("id").trim(),
      ...(prefix === "" ? {} : { Filter: { Prefix: prefix } }),
      Status: "Enabled",
      Tierings: TIERS.flatMap((tier) => (of(tier) === "" ? [] : [{ AccessTier: tier, Days: Number(of(tier)) }])),
    });
    await readAgain(bucket);
  };
  return (
    <FormDialog title={t("bucket.tierings")} submit={t("form.save")} isOpen onClose={onClose} onSubmit={add}>
      <TextField name="id" label={t("bucket.id")} hint={t("bucket.idHint")} isRequired isCode autoFocus />
      <TextField name="prefix" label={t("bucket.onlyPrefix")} isCode />
      {TIERS.map((tier) => (
        <TextField
          key={tier}
          name={tier}
          label={t(`bucket.tier.${tier}`)}
          hint={t(`bucket.tierHint.${tier}`)}
          inputMode="numeric"
          pattern="[0-9]*"
        />
      ))}
    </FormDialog>
  );
}
