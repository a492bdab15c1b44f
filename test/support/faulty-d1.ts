/** What one batch does instead of what it should. */
export type BatchFault = "fail" | "fail-after" | "hang";

/**
 * A D1 that asks `plan` before each batch: "fail" has no effect and fails, "fail-after" takes effect and fails all the same
 * (the answer was lost), "hang" has no effect and never ends, null works.
 */
export function withBatchFaults(d1: D1Database, plan: () => BatchFault | null): D1Database {
  return new Proxy(d1, {
    get(target, name) {
      if (name !== "batch") return Reflect.get(target, name).bind(target);
      return async (statements: D1PreparedStatement[]) => {
        const fault = plan();
        if (fault === "hang") return new Promise(() => {});
        if (fault === "fail") throw new Error("D1_ERROR: Network connection lost.");
        const results = await target.batch(statements);
        if (fault === "fail-after") throw new Error("D1_ERROR: Network connection lost.");
        return results;
      };
    },
  });
}
