import { signOut } from "./session.ts";

/** A tab that nobody has touched for that long is signed out. */
const IDLE_MS_MAX = 30 * 60_000;
const LOOK_MS = 5_000;
const EVENTS = ["pointerdown", "keydown", "wheel", "touchstart"] as const;

/**
 * Signs out when nobody has used the tab for half an hour. Long work counts as use: `isBusy` says so. Returns what stops it.
 */
export function watchIdle(isBusy: () => boolean): () => void {
  let usedMs = Date.now();
  const note = () => {
    usedMs = Date.now();
  };
  for (const event of EVENTS) window.addEventListener(event, note, { passive: true });
  const timer = setInterval(() => {
    if (isBusy()) note();
    if (Date.now() - usedMs >= IDLE_MS_MAX) signOut("idle");
  }, LOOK_MS);
  return () => {
    clearInterval(timer);
    for (const event of EVENTS) window.removeEventListener(event, note);
  };
}
