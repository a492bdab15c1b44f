import { useState } from "react";
import { Label } from "react-aria-components/Label";
import { ProgressBar } from "react-aria-components/ProgressBar";
import { formatBytes, formatNumber } from "../text/format.ts";
import { useText } from "../text/text.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { explain } from "../ui/error-notice.tsx";
import { dismissEnded, dismissTask, type Task, useTasks } from "./tasks.ts";

/** Rows that are drawn; a folder of a thousand files is one task. */
const SHOWN_MAX = 20;

/** What is going on, at the foot of every page. */
export function TaskTray() {
  const t = useText();
  const tasks = useTasks();
  const [isOpen, setOpen] = useState(true);
  if (tasks.length === 0) return null;
  const running = tasks.filter(({ state }) => state === "running" || state === "paused").length;
  return (
    <section className="tray" aria-label={t("tasks.label")}>
      <header>
        <Button variant="link" icon="chevron" aria-expanded={isOpen} onPress={() => setOpen(!isOpen)}>
          {running > 0 ? t("tasks.running", { count: running }) : t("tasks.ended")}
        </Button>
        {running === 0 && (
          <Button variant="link" onPress={dismissEnded}>
            {t("tasks.clear")}
          </Button>
        )}
      </header>
      {isOpen && (
        <ul>
          {tasks.slice(-SHOWN_MAX).map((task) => (
            <TaskRow key={task.id} task={task} />
          ))}
        </ul>
      )}
    </section>
  );
}

function TaskRow({ task }: { task: Task }) {
  const t = useText();
  const isRunning = task.state === "running" || task.state === "paused";
  const show = task.unit === "bytes" ? formatBytes : formatNumber;
  const share = task.total === null || task.total === 0 ? undefined : task.done / task.total;
  const counted =
    task.total === null ? show(task.done) : t("tasks.of", { done: show(task.done), total: show(task.total) });
  const { happened, advice, detail } = explain(task.error);
  return (
    <li className={`task ${task.state}`}>
      <ProgressBar
        value={(share ?? 0) * 100}
        isIndeterminate={isRunning && share === undefined}
        valueLabel={`${t(`tasks.state.${task.state}`)}, ${counted}`}
      >
        {({ percentage, valueText }) => (
          <>
            <Label>
              <bdi>{task.title}</bdi>
            </Label>
            <span className="quiet">
              {valueText} {task.note}
            </span>
            <progress
              aria-hidden="true"
              max={100}
              value={isRunning && share === undefined ? undefined : (percentage ?? 0)}
            />
          </>
        )}
      </ProgressBar>
      {task.state === "failed" && task.error !== null && (
        <p className="field-error" role="alert">
          {happened} {advice} <bdi>{detail}</bdi>
        </p>
      )}
      <span className="row-actions">
        {task.state === "running" && task.pause && (
          <IconButton icon="pause" label={t("tasks.pause")} onPress={task.pause} />
        )}
        {task.state === "paused" && task.resume && (
          <IconButton icon="play" label={t("tasks.resume")} onPress={task.resume} />
        )}
        {task.state === "failed" && task.retry && (
          <IconButton icon="refresh" label={t("action.retry")} onPress={task.retry} />
        )}
        <IconButton
          icon="close"
          label={isRunning ? t("tasks.cancel") : t("tasks.remove")}
          onPress={() => dismissTask(task.id)}
        />
      </span>
    </li>
  );
}
