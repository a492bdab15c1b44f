import { losesByLeaving, onTasks } from "./tasks.ts";

/**
 * Makes the browser ask before the tab is closed or reloaded, for as long as a task would lose work by it. The listener is there only then,
 * because some browsers keep no page for going back that has one. Returns what stops it.
 */
export function askBeforeLeaving(): () => void {
  const ask = (event: BeforeUnloadEvent) => {
    if (losesByLeaving()) event.preventDefault();
  };
  const look = () => {
    if (losesByLeaving()) window.addEventListener("beforeunload", ask);
    else window.removeEventListener("beforeunload", ask);
  };
  look();
  const stop = onTasks(look);
  return () => {
    stop();
    window.removeEventListener("beforeunload", ask);
  };
}
