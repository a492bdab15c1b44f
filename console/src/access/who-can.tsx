import { useState } from "react";
import { Form } from "react-aria-components/Form";
import type { AwsClient } from "../aws/client.ts";
import { AwsError } from "../aws/errors.ts";
import { type Decision, listPrincipals, type Question, simulate } from "../aws/iam.ts";
import { getPolicy } from "../aws/s3/bucket-settings.ts";
import { useClient, useSession } from "../session/session.ts";
import { useText } from "../text/text.ts";
import { Button } from "../ui/button.tsx";
import { DataTable } from "../ui/data-table.tsx";
import { ErrorNotice } from "../ui/error-notice.tsx";
import { Select, TextField } from "../ui/fields.tsx";
import { Loading } from "../ui/notice.tsx";
import { Section } from "../ui/section.tsx";
import { S3_ACTIONS } from "./policy-words.ts";

/** Users and roles that are asked about; the simulator answers for one at a time. */
const ASKED_MAX = 200;
const TOGETHER = 4;

interface Answer {
  name: string;
  kind: "user" | "role";
  decision: Decision;
}

/** "Who can do this?": the simulator is asked about every user and role of the account. */
export function WhoCan({ bucket }: { bucket: string }) {
  const t = useText();
  const client = useClient();
  const accountId = useSession()?.identity.accountId ?? "";
  const [action, setAction] = useState("s3:GetObject");
  const [key, setKey] = useState("*");
  const [asked, setAsked] = useState<{ answers: Answer[] | null; error: unknown } | null>(null);
  const ask = async () => {
    setAsked({ answers: null, error: null });
    try {
      const isOfBucket =
        /^s3:(List(?!Multi)|CreateB|DeleteBucket|GetBucket|PutBucket|GetEnc|PutEnc|GetLife|PutLife)/.test(action);
      const resource = isOfBucket ? `arn:aws:s3:::${bucket}` : `arn:aws:s3:::${bucket}/${key}`;
      const question = { action, resource, accountId, resourcePolicy: await getPolicy(client, bucket) };
      setAsked({ answers: await answersOf(client, question), error: null });
    } catch (error) {
      setAsked({ answers: null, error });
    }
  };
  return (
    <Section title={t("whoCan.title")} hint={t("whoCan.hint")}>
      <Form
        className="columns"
        onSubmit={(event) => {
          event.preventDefault();
          void ask();
        }}
      >
        <Select
          label={t("whoCan.action")}
          value={action}
          onChange={setAction}
          options={S3_ACTIONS.filter((one) => !one.endsWith("*")).map((value) => ({ value, label: value }))}
        />
        <TextField label={t("whoCan.key")} hint={t("whoCan.keyHint")} value={key} onChange={setKey} isCode />
        <div className="actions">
          <Button type="submit" isPending={asked !== null && asked.answers === null && asked.error === null}>
            {t("whoCan.ask")}
          </Button>
        </div>
      </Form>
      {asked?.error != null && <ErrorNotice error={asked.error} />}
      {asked !== null && asked.answers === null && asked.error === null && <Loading label={t("loading")} />}
      {asked?.answers != null && <Answers answers={asked.answers} />}
    </Section>
  );
}

function Answers({ answers }: { answers: readonly Answer[] }) {
  const t = useText();
  return (
    <DataTable
      label={t("whoCan.title")}
      rows={answers}
      keyOf={({ kind, name }) => `${kind}/${name}`}
      searchText={({ name }) => name}
      columns={[
        { id: "name", title: t("access.name"), cell: ({ name }) => <bdi className="code">{name}</bdi> },
        { id: "kind", title: t("access.kind"), cell: ({ kind }) => t(`access.kind.${kind}`) },
        {
          id: "decision",
          title: t("whoCan.decision"),
          cell: ({ decision }) => (
            <span className={`state ${decision === "allowed" ? "good" : "bad"}`}>
              {t(`whoCan.decision.${decision}`)}
            </span>
          ),
        },
      ]}
    />
  );
}

/** Those that may come first. Root users are not asked about: they may everything that no bucket policy denies. */
async function answersOf(client: AwsClient, question: Question): Promise<Answer[]> {
  const lists = await Promise.all((["user", "role"] as const).map((kind) => namesOf(client, kind)));
  const waiting = lists.flat().slice(0, ASKED_MAX);
  const answers: Answer[] = [];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { arn, name, kind } = next;
      answers.push({ name, kind, decision: await simulate(client, arn, question) });
    }
  };
  await Promise.all(Array.from({ length: TOGETHER }, work));
  const rank = ({ decision }: Answer) => (decision === "allowed" ? 0 : 1);
  return answers.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
}

async function namesOf(client: AwsClient, kind: "user" | "role") {
  const found = await listPrincipals(client, kind);
  if (found.length > ASKED_MAX)
    throw new AwsError({ code: "TooManyPrincipals", message: String(found.length), status: 200 });
  return found.map(({ arn, name }) => ({ arn, name, kind }));
}
