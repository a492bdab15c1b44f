import { useState } from "react";
import { setTopicAttribute } from "../aws/sns.ts";
import { queries, useClient } from "../session/session.ts";
import { useText } from "../text/text.ts";
import { JsonEditor } from "../ui/json-editor.tsx";
import { SaveForm } from "../ui/save-form.tsx";
import { Section } from "../ui/section.tsx";

const WORDS = [
  "Version",
  "2012-10-17",
  "Statement",
  "Sid",
  "Effect",
  "Allow",
  "Deny",
  "Principal",
  "Service",
  "s3.amazonaws.com",
  "AWS",
  "Action",
  "SNS:Publish",
  "SNS:Subscribe",
  "Resource",
  "Condition",
  "ArnEquals",
  "StringEquals",
  "aws:SourceArn",
  "aws:SourceAccount",
];

/** Who may publish and subscribe: a bucket that sends its events here must be allowed to by it. */
export function TopicPolicy({ arn, policy }: { arn: string; policy: string }) {
  const t = useText();
  const client = useClient();
  const [begin] = useState(() => pretty(policy));
  const [edited, setEdited] = useState(begin);
  return (
    <Section title={t("topics.policy")} hint={t("topics.policyHint")}>
      <SaveForm
        onSave={async () => {
          await setTopicAttribute(client, arn, "Policy", edited);
          await queries.invalidateQueries({ queryKey: ["topic", arn] });
        }}
      >
        <JsonEditor label={t("topics.policy")} value={begin} onChange={setEdited} words={[...WORDS, arn]} />
      </SaveForm>
    </Section>
  );
}

function pretty(policy: string): string {
  try {
    return JSON.stringify(JSON.parse(policy), null, 2);
  } catch {
    return policy;
  }
}
