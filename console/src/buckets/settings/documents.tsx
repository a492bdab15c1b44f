import { type ReactNode, useState } from "react";
import { CORS, LIFECYCLE, memberNames, NOTIFICATIONS, WEBSITE } from "../../aws/documents.ts";
import { AwsError } from "../../aws/errors.ts";
import {
  type Configuration,
  deleteConfiguration,
  getConfiguration,
  putConfiguration,
} from "../../aws/s3/bucket-settings.ts";
import { useClient } from "../../session/session.ts";
import { useText } from "../../text/text.ts";
import { Button } from "../../ui/button.tsx";
import { JsonEditor } from "../../ui/json-editor.tsx";
import { SaveForm } from "../../ui/save-form.tsx";
import { Loaded, Section } from "../../ui/section.tsx";
import { toastError } from "../../ui/toasts.tsx";
import { LifecyclePreview } from "./lifecycle-preview.tsx";
import { readAgain, settingKey } from "./setting.ts";

const CORS_CONFIGURATION: Configuration = {
  query: "cors",
  root: "CORSConfiguration",
  shape: CORS,
  unset: "NoSuchCORSConfiguration",
};

const CORS_EXAMPLE = {
  CORSRules: [
    {
      AllowedOrigins: ["https://www.example.com"],
      AllowedMethods: ["GET", "PUT"],
      AllowedHeaders: ["*"],
      ExposeHeaders: ["ETag"],
      MaxAgeSeconds: 3600,
    },
  ],
};

export function CorsSection({ bucket }: { bucket: string }) {
  const t = useText();
  return (
    <Section title={t("bucket.tab.cors")} hint={t("bucket.corsHint")}>
      <DocumentEditor
        bucket={bucket}
        label={t("bucket.tab.cors")}
        configuration={CORS_CONFIGURATION}
        example={CORS_EXAMPLE}
        words={["GET", "PUT", "POST", "DELETE", "HEAD", "ETag", "x-amz-version-id"]}
      />
    </Section>
  );
}

const NOTIFICATION_CONFIGURATION: Configuration = {
  query: "notification",
  root: "NotificationConfiguration",
  shape: NOTIFICATIONS,
};

const EVENTS = [
  "s3:ObjectCreated:*",
  "s3:ObjectCreated:Put",
  "s3:ObjectCreated:Copy",
  "s3:ObjectCreated:CompleteMultipartUpload",
  "s3:ObjectRemoved:*",
  "s3:ObjectRemoved:Delete",
  "s3:ObjectRemoved:DeleteMarkerCreated",
  "s3:ObjectTagging:*",
  "s3:ObjectAcl:Put",
];

/** No configuration is the empty one: there is no operation that deletes it. */
export function NotificationsSection({ bucket }: { bucket: string }) {
  const t = useText();
  return (
    <Section title={t("bucket.tab.events")} hint={t("bucket.eventsHint")}>
      <DocumentEditor
        bucket={bucket}
        label={t("bucket.tab.events")}
        configuration={NOTIFICATION_CONFIGURATION}
        example={{}}
        words={[...EVENTS, "prefix", "suffix", "arn:aws:sqs:us-east-1:"]}
        isAlwaysSet
      />
    </Section>
  );
}

const LIFECYCLE_CONFIGURATION: Configuration = {
  query: "lifecycle",
  root: "LifecycleConfiguration",
  shape: LIFECYCLE,
  unset: "NoSuchLifecycleConfiguration",
};

const LIFECYCLE_EXAMPLE = {
  Rules: [
    {
      ID: "clean-up",
      Status: "Enabled",
      Filter: { Prefix: "tmp/" },
      Expiration: { Days: 30 },
      NoncurrentVersionExpiration: { NoncurrentDays: 30 },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
    },
  ],
};

/** With what the rules in the editor would do, saved or not. */
export function LifecycleSection({ bucket }: { bucket: string }) {
  const t = useText();
  return (
    <Section title={t("bucket.tab.lifecycle")} hint={t("bucket.lifecycleHint")}>
      <DocumentEditor
        bucket={bucket}
        label={t("bucket.tab.lifecycle")}
        configuration={LIFECYCLE_CONFIGURATION}
        example={LIFECYCLE_EXAMPLE}
        words={["Enabled", "Disabled"]}
        below={(edited) => <LifecyclePreview bucket={bucket} configuration={edited} />}
      />
    </Section>
  );
}

const WEBSITE_CONFIGURATION: Configuration = {
  query: "website",
  root: "WebsiteConfiguration",
  shape: WEBSITE,
  unset: "NoSuchWebsiteConfiguration",
};

export function WebsiteSection({ bucket }: { bucket: string }) {
  const t = useText();
  return (
    <Section title={t("bucket.tab.website")} hint={t("bucket.websiteHint")}>
      <DocumentEditor
        bucket={bucket}
        label={t("bucket.tab.website")}
        configuration={WEBSITE_CONFIGURATION}
        example={{ IndexDocument: { Suffix: "index.html" }, ErrorDocument: { Key: "404.html" } }}
        words={["index.html", "404.html", "https", "http"]}
      />
    </Section>
  );
}

/** A configuration as the JSON of the AWS CLI. */
function DocumentEditor({
  bucket,
  label,
  configuration,
  example,
  words,
  isAlwaysSet = false,
  below,
}: {
  bucket: string;
  label: string;
  configuration: Configuration;
  /** What the editor begins with if there is none. */
  example: unknown;
  words: readonly string[];
  isAlwaysSet?: boolean;
  /** Below the editor, about what stands in it. */
  below?: (edited: string) => ReactNode;
}) {
  const client = useClient();
  return (
    <Loaded
      queryKey={settingKey(bucket, configuration.query)}
      read={() => getConfiguration(client, bucket, configuration)}
    >
      {(value) => (
        <DocumentForm
          key={JSON.stringify(value)}
          {...{ bucket, label, configuration, example, value, isAlwaysSet }}
          {...(below === undefined ? {} : { below })}
          words={[...memberNames(configuration.shape), ...words]}
        />
      )}
    </Loaded>
  );
}

function DocumentForm({
  bucket,
  label,
  configuration,
  example,
  value,
  words,
  isAlwaysSet,
  below,
}: Parameters<typeof DocumentEditor>[0] & { value: unknown }) {
  const t = useText();
  const client = useClient();
  const [begin] = useState(() => JSON.stringify(value ?? example, null, 2));
  const [edited, setEdited] = useState(begin);
  const save = async () => {
    await putConfiguration(client, bucket, configuration, parsed(edited));
    await readAgain(bucket);
  };
  return (
    <>
      <SaveForm
        onSave={save}
        more={
          value !== null &&
          !isAlwaysSet && (
            <Button
              variant="danger"
              onPress={() =>
                void deleteConfiguration(client, bucket, configuration.query)
                  .then(() => readAgain(bucket))
                  .catch(toastError)
              }
            >
              {t("editor.remove")}
            </Button>
          )
        }
      >
        {value === null && <p>{t("editor.none")}</p>}
        <JsonEditor label={label} value={begin} onChange={setEdited} words={words} />
      </SaveForm>
      {below?.(edited)}
    </>
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AwsError({ code: "InvalidJson", message: String(error), status: 400 });
  }
}
