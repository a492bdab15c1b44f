import { losesByLeaving, onTasks } from "./tasks.ts";

/**
 * Makes the browser ask before the tab is closed or reloaded, for as long as a task would lose work by it. The listener is there only then,
 * because some browsers keep no page for going back that has one. `tab` is the window. Returns what stops it.
 */
export function askBeforeLeaving(tab: EventTarget): () => void {
  const ask = (event: Event) => {
    if (losesByLeaving()) event.preventDefault();
  };
  const look = () => {
    if (losesByLeaving()) tab.addEventListener("beforeunload", ask);
    else tab.removeEventListener("beforeunload", ask);
  };
  look();
  const stop = onTasks(look);
  return () => {
    stop();
    tab.removeEventListener("beforeunload", ask);
  };
}
