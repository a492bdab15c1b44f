import { useState } from "react";
import { getConfiguration, putConfiguration } from "../../aws/s3/bucket-settings.ts";
import { allowWriter, LOGGING, type LoggingStatus } from "../../aws/s3/reports.ts";
import { useClient } from "../../session/session.ts";
import { useText } from "../../text/text.ts";
import { Button } from "../../ui/button.tsx";
import { Select, Switch, TextField } from "../../ui/fields.tsx";
import { SaveForm } from "../../ui/save-form.tsx";
import { Loaded, Section } from "../../ui/section.tsx";
import { toastError } from "../../ui/toasts.tsx";
import { readAgain, settingKey } from "./setting.ts";

const KEY_FORMATS = ["SimplePrefix", "EventTime", "DeliveryTime"] as const;
type KeyFormat = (typeof KEY_FORMATS)[number];

/** Where the lines about requests to this bucket go. */
export function LoggingSection({ bucket }: { bucket: string }) {
  const t = useText();
  const client = useClient();
  return (
    <Section title={t("bucket.logging")} hint={t("bucket.loggingHint")}>
      <Loaded
        queryKey={settingKey(bucket, "logging")}
        read={async () => (await getConfiguration(client, bucket, LOGGING)) as LoggingStatus}
      >
        {(status) => <LoggingForm key={JSON.stringify(status)} bucket={bucket} status={status} />}
      </Loaded>
    </Section>
  );
}

function LoggingForm({ bucket, status: { LoggingEnabled: now } }: { bucket: string; status: LoggingStatus }) {
  const t = useText();
  const client = useClient();
  const source = now?.TargetObjectKeyFormat?.PartitionedPrefix?.PartitionDateSource;
  const [target, setTarget] = useState(now?.TargetBucket ?? "");
  const [prefix, setPrefix] = useState(now?.TargetPrefix ?? `${bucket}/`);
  const [format, setFormat] = useState<KeyFormat>(KEY_FORMATS.find((one) => one === source) ?? "SimplePrefix");
  const [mayAllow, setAllow] = useState(now === undefined);
  const put = async (next: LoggingStatus) => {
    await putConfiguration(client, bucket, LOGGING, next);
    await readAgain(bucket);
  };
  const save = async () => {
    const writer = { name: `logging/${bucket}`, service: "logging.s3.amazonaws.com" } as const;
    if (mayAllow) await allowWriter(client, { ...writer, target, prefix, source: bucket });
    const keys =
      format === "SimplePrefix" ? { SimplePrefix: {} } : { PartitionedPrefix: { PartitionDateSource: format } };
    await put({ LoggingEnabled: { ...now, TargetBucket: target, TargetPrefix: prefix, TargetObjectKeyFormat: keys } });
  };
  const off = (
    <Button variant="danger" onPress={() => void put({}).catch(toastError)}>
      {t("bucket.loggingOff")}
    </Button>
  );
  return (
    <SaveForm onSave={save} more={now !== undefined && off}>
      <p>{t(now === undefined ? "bucket.loggingIsOff" : "bucket.loggingIsOn")}</p>
      <div className="columns">
        <TextField label={t("bucket.loggingTarget")} value={target} onChange={setTarget} isRequired isCode />
        <TextField label={t("bucket.reportPrefix")} value={prefix} onChange={setPrefix} isCode />
        <Select
          label={t("bucket.loggingKeys")}
          value={format}
          onChange={setFormat}
          options={KEY_FORMATS.map((value) => ({ value, label: t(`bucket.loggingKeys.${value}`) }))}
        />
      </div>
      <Switch isSelected={mayAllow} onChange={setAllow}>
        {t("bucket.allowWriter")}
      </Switch>
    </SaveForm>
  );
}
