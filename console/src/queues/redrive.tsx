import { useQuery } from "@tanstack/react-query";
import { cancelMove, deadLetterSources, type MoveTask, moveTasks, type Queue, startMove } from "../aws/sqs.ts";
import { queries, useClient } from "../session/session.ts";
import { formatNumber } from "../text/format.ts";
import { useText } from "../text/text.ts";
import { Button } from "../ui/button.tsx";
import { Section } from "../ui/section.tsx";
import { toastError } from "../ui/toasts.tsx";

const POLL_MS = 3_000;

/** Only of a dead-letter queue: sends its messages back to where they came from. */
export function Redrive({ queue: { url }, arn }: { queue: Queue; arn: string }) {
  const t = useText();
  const client = useClient();
  const sources = useQuery({ queryKey: ["queue", url, "sources"], queryFn: () => deadLetterSources(client, url) });
  const isDeadLetterQueue = (sources.data?.length ?? 0) > 0;
  const tasks = useQuery({
    queryKey: ["queue", url, "moves"],
    queryFn: () => moveTasks(client, arn),
    enabled: isDeadLetterQueue,
    refetchInterval: POLL_MS,
  });
  if (!isDeadLetterQueue) return null;
  const isRunning = tasks.data?.some(({ status }) => status === "RUNNING") ?? false;
  const readAgain = () => queries.invalidateQueries({ queryKey: ["queue", url] });
  return (
    <Section
      title={t("queues.redrive")}
      hint={t("queues.redriveHint", { queues: (sources.data ?? []).map(({ name }) => name).join(", ") })}
    >
      <div className="actions">
        <Button isDisabled={isRunning} onPress={() => void startMove(client, arn).then(readAgain, toastError)}>
          {t("queues.redriveStart")}
        </Button>
      </div>
      <ul className="plain-list">
        {tasks.data?.map((task) => (
          <li key={task.startedMs}>
            <TaskLine task={task} />
            {task.handle !== null && task.status === "RUNNING" && (
              <Button onPress={() => void cancelMove(client, task.handle ?? "").then(readAgain, toastError)}>
                {t("action.cancel")}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function TaskLine({ task: { status, moved, toMove, failure } }: { task: MoveTask }) {
  const t = useText();
  const counted =
    toMove === null ? formatNumber(moved) : t("tasks.of", { done: formatNumber(moved), total: formatNumber(toMove) });
  return (
    <span>
      <span lang="en">{status}</span>: {counted} {failure !== null && <span lang="en">{failure}</span>}
    </span>
  );
}
