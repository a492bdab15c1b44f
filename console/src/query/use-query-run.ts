import { useEffect, useRef, useState } from "react";
import { type Cell, sqlPage } from "../aws/sql.ts";
import { useClient } from "../session/session.ts";

/** Rows that are kept in the tab; all others can be saved as a file. */
const ROWS_MAX = 100_000;

export interface Result {
  query: string;
  columns: readonly string[];
  rows: readonly (readonly Cell[])[];
  scanned: number;
  ms: number;
  /** Asks for more; null: this is all. */
  next: string | null;
}

/** A query that was run, with the pages of its answer that were asked for. */
export function useQueryRun() {
  const client = useClient();
  const [result, setResult] = useState<Result | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  const ask = async (query: string, before: Result | null) => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    setBusy(true);
    setError(null);
    if (before === null) setResult(null);
    const beganMs = performance.now();
    try {
      const page = await sqlPage(client, { query, token: before?.next ?? undefined, signal: controller.signal });
      // It may have been cancelled as its answer arrived.
      controller.signal.throwIfAborted();
      setResult({
        query,
        columns: before?.columns.length ? before.columns : page.columns,
        rows: [...(before?.rows ?? []), ...page.rows],
        scanned: (before?.scanned ?? 0) + page.scanned,
        ms: performance.now() - beganMs,
        next: page.next,
      });
    } catch (caught) {
      if (!controller.signal.aborted) setError(caught);
    } finally {
      if (running.current === controller) setBusy(false);
    }
  };
  return {
    result,
    error,
    isBusy,
    canGoOn: result !== null && result.next !== null && result.rows.length < ROWS_MAX,
    isFull: result !== null && result.next !== null && result.rows.length >= ROWS_MAX,
    run: (query: string) => ask(query, null),
    more: () => (result === null ? Promise.resolve() : ask(result.query, result)),
    cancel: () => {
      running.current?.abort();
      setBusy(false);
    },
  };
}
