import { useState } from "react";
import { allowWriter, INVENTORY, type Inventory, putNamed } from "../../aws/s3/reports.ts";
import { useClient } from "../../session/session.ts";
import { useText } from "../../text/text.ts";
import { FormDialog } from "../../ui/dialog.tsx";
import { Select, Switch, TextField } from "../../ui/fields.tsx";
import { NamedSection } from "./named-section.tsx";
import { readAgain } from "./setting.ts";

/** Columns that a new inventory has besides bucket, key and version. */
const FIELDS = ["Size", "LastModifiedDate", "ETag", "StorageClass", "EncryptionStatus", "ChecksumAlgorithm"];
const FORMATS = ["CSV", "Parquet"] as const;
const FREQUENCIES = ["Daily", "Weekly"] as const;

/** Lists of all objects that the store writes into a bucket by itself. */
export function InventorySection({ bucket }: { bucket: string }) {
  const t = useText();
  const targetOf = ({ Destination: { S3BucketDestination: to } }: Inventory) =>
    `${to.Bucket.replace("arn:aws:s3:::", "")}/${to.Prefix ?? ""}`;
  return (
    <NamedSection
      bucket={bucket}
      kind={INVENTORY}
      title={t("bucket.inventories")}
      hint={t("bucket.inventoriesHint")}
      columns={[
        {
          id: "schedule",
          title: t("bucket.schedule"),
          cell: ({ Schedule, IsEnabled }) =>
            IsEnabled ? t(`bucket.schedule.${Schedule.Frequency}`) : t("bucket.isDisabled"),
        },
        {
          id: "format",
          title: t("bucket.format"),
          cell: ({ Destination }) => Destination.S3BucketDestination.Format,
        },
        { id: "to", title: t("bucket.destination"), cell: (one) => <bdi className="code">{targetOf(one)}</bdi> },
      ]}
      dialog={(close) => <AddInventory bucket={bucket} onClose={close} />}
    />
  );
}

function AddInventory({ bucket, onClose }: { bucket: string; onClose: () => void }) {
  const t = useText();
  const client = useClient();
  const [format, setFormat] = useState<(typeof FORMATS)[number]>("CSV");
  const [frequency, setFrequency] = useState<(typeof FREQUENCIES)[number]>("Daily");
  const [areAll, setAll] = useState(false);
  const [mayAllow, setAllow] = useState(true);
  const add = async (form: FormData) => {
    const of = (name: string) => String(form.get(name) ?? "").trim();
    const [id, target, to, prefix] = [of("id"), of("target"), of("to"), String(form.get("prefix") ?? "")];
    const writer = { name: `inventory/${bucket}/${id}`, service: "s3.amazonaws.com" } as const;
    if (mayAllow) await allowWriter(client, { ...writer, target, prefix: to, source: bucket });
    await putNamed(client, bucket, INVENTORY, {
      Id: id,
      IsEnabled: true,
      ...(prefix === "" ? {} : { Filter: { Prefix: prefix } }),
      IncludedObjectVersions: areAll ? "All" : "Current",
      Schedule: { Frequency: frequency },
      OptionalFields: FIELDS,
      Destination: {
        S3BucketDestination: {
          Bucket: `arn:aws:s3:::${target}`,
          Format: format,
          ...(to === "" ? {} : { Prefix: to }),
        },
      },
    });
    await readAgain(bucket);
  };
  return (
    <FormDialog title={t("bucket.inventories")} submit={t("form.save")} isOpen onClose={onClose} onSubmit={add}>
      <TextField name="id" label={t("bucket.id")} hint={t("bucket.idHint")} isRequired isCode autoFocus />
      <TextField name="prefix" label={t("bucket.onlyPrefix")} isCode />
      <TextField name="target" label={t("bucket.destination")} isRequired isCode />
      <TextField name="to" label={t("bucket.reportPrefix")} isCode />
      <Select
        label={t("bucket.format")}
        value={format}
        onChange={setFormat}
        options={FORMATS.map((value) => ({ value, label: value }))}
      />
      <Select
        label={t("bucket.schedule")}
        value={frequency}
        onChange={setFrequency}
        options={FREQUENCIES.map((value) => ({ value, label: t(`bucket.schedule.${value}`) }))}
      />
      <Switch isSelected={areAll} onChange={setAll}>
        {t("bucket.allVersions")}
      </Switch>
      <Switch isSelected={mayAllow} onChange={setAllow}>
        {t("bucket.allowWriter")}
      </Switch>
    </FormDialog>
  );
}
