import { expect, test } from "vitest";
import { askBeforeLeaving } from "../../console/src/tasks/leaving.ts";
import { dismissEnded, startTask } from "../../console/src/tasks/tasks.ts";

test("the browser asks from the moment at which a task begins that would be lost, until it ends", () => {
  const tab = new EventTarget();
  const stop = askBeforeLeaving(tab);
  const asks = () => !tab.dispatchEvent(new Event("beforeunload", { cancelable: true }));
  expect(asks()).toBe(false);
  const parts = startTask("parts", { isLostByLeaving: true });
  expect(asks()).toBe(true);
  parts.update({ isLostByLeaving: false });
  expect(asks()).toBe(false);
  const small = startTask("small", { isLostByLeaving: true });
  small.update({ done: 1 });
  expect(asks()).toBe(true);
  small.update({ state: "failed" });
  expect(asks()).toBe(false);
  parts.update({ state: "done" });
  dismissEnded();
  stop();
});
