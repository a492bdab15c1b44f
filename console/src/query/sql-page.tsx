import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, useRef, useState } from "react";
import { useGo, usePageSearch } from "../app/address.ts";
import { listBuckets } from "../aws/s3/buckets.ts";
import { type Explained, explainSql, type Format, maySql, SqlError } from "../aws/sql.ts";
import { useClient } from "../session/session.ts";
import { formatNumber } from "../text/format.ts";
import { useText } from "../text/text.ts";
import { Button } from "../ui/button.tsx";
import { ErrorNotice } from "../ui/error-notice.tsx";
import { Menu } from "../ui/menu.tsx";
import { Empty, Loading, Notice } from "../ui/notice.tsx";
import { Loaded, Section } from "../ui/section.tsx";
import { VirtualTable } from "../ui/virtual-table.tsx";
import { EXAMPLE_NAMES, type ExampleName, exampleQuery } from "./examples.ts";
import { saveResult } from "./save-result.ts";
import { type Result, useQueryRun } from "./use-query-run.ts";
import "./sql-page.css";

const SqlEditor = lazy(() => import("./sql-editor.tsx"));
const FORMATS: readonly Format[] = ["csv", "jsonl", "parquet"];

/** Asks the metadata by SQL. Who may not is told so, and sees no editor. */
export default function SqlPage() {
  const t = useText();
  const client = useClient();
  return (
    <div className="page stack">
      <header className="page-header">
        <h1>{t("sql.title")}</h1>
      </header>
      <Loaded queryKey={["sql", "may"]} read={() => maySql(client)}>
        {(may) => (may ? <Asking /> : <Empty title={t("sql.mayNot")}>{t("sql.mayNotHint")}</Empty>)}
      </Loaded>
    </div>
  );
}

function Asking() {
  const t = useText();
  const go = useGo();
  const client = useClient();
  const { query: asked } = usePageSearch();
  const buckets = useQuery({ queryKey: ["buckets"], queryFn: () => listBuckets(client), retry: false });
  const first = buckets.data?.[0]?.name;
  const [begin, setBegin] = useState({ text: asked ?? exampleQuery("buckets", first), times: 0 });
  const [query, setQuery] = useState(begin.text);
  const [explained, setExplained] = useState<Explained | null>(null);
  const [explainError, setExplainError] = useState<unknown>(null);
  const answer = useQueryRun();
  const turn = useRef(0);
  const clear = () => {
    turn.current += 1;
    setExplained(null);
    setExplainError(null);
  };
  const run = () => {
    clear();
    // In the address, so that a reload brings it back, and a link can be passed on.
    go("/sql", { query }, { replace: true });
    void answer.run(query);
  };
  const explain = async () => {
    clear();
    const mine = turn.current;
    const ifLast =
      <T,>(tell: (value: T) => void) =>
      (value: T) => {
        if (turn.current === mine) tell(value);
      };
    await explainSql(client, query).then(ifLast(setExplained), ifLast(setExplainError));
  };
  const error = explainError ?? (explained === null ? answer.error : null);
  const mark = useMemo(() => markOf(error, explainError === null ? 0 : "EXPLAIN ".length), [error, explainError]);
  return (
    <>
      <div className="sql-editor stack">
        <Examples
          onChoose={(name) => {
            const text = exampleQuery(name, first);
            setBegin({ text, times: begin.times + 1 });
            setQuery(text);
          }}
        />
        <Suspense fallback={<Loading label={t("loading")} />}>
          <SqlEditor
            key={begin.times}
            value={begin.text}
            label={t("sql.query")}
            onChange={setQuery}
            onRun={run}
            mark={mark}
          />
        </Suspense>
        <p className="hint">{t("sql.hint")}</p>
        <div className="actions">
          <Button variant="primary" icon="play" isPending={answer.isBusy} onPress={run}>
            {t("sql.run")}
          </Button>
          {answer.isBusy && <Button onPress={answer.cancel}>{t("action.cancel")}</Button>}
          <Button onPress={() => void explain()}>{t("sql.explain")}</Button>
          <SaveMenu query={query} />
        </div>
      </div>
      {error !== null && <QueryError error={error} mark={mark} query={query} />}
      {explained !== null && <Explanation of={explained} />}
      {answer.result !== null && explained === null && (
        <Rows
          result={answer.result}
          isFull={answer.isFull}
          onMore={answer.canGoOn ? () => void answer.more() : null}
          isBusy={answer.isBusy}
        />
      )}
    </>
  );
}

function Examples({ onChoose }: { onChoose: (name: ExampleName) => void }) {
  const t = useText();
  return (
    <div className="actions">
      <Menu
        label={t("sql.examples")}
        trigger={<Button>{t("sql.examples")}</Button>}
        actions={EXAMPLE_NAMES.map((name) => ({
          id: name,
          label: t(`sql.example.${name}`),
          onAction: () => onChoose(name),
        }))}
      />
    </div>
  );
}

/** All rows as a file, whether or not they are shown. */
function SaveMenu({ query }: { query: string }) {
  const t = useText();
  const client = useClient();
  return (
    <Menu
      label={t("sql.save")}
      trigger={<Button icon="download">{t("sql.save")}</Button>}
      actions={FORMATS.map((format) => ({
        id: format,
        label: t(`sql.format.${format}`),
        onAction: () => void saveResult(client, query, format),
      }))}
    />
  );
}

interface Mark {
  position: number;
}

/** Where the query is wrong. EXPLAIN stands before it on the way. */
function markOf(error: unknown, before: number): Mark | null {
  if (!(error instanceof SqlError) || error.position === null) return null;
  return { position: Math.max(0, error.position - before) };
}

/** What is wrong, where, and what would help, as the server says. */
function QueryError({ error, mark, query }: { error: unknown; mark: Mark | null; query: string }) {
  const t = useText();
  const lines = query.slice(0, mark?.position).split("\n");
  return (
    <>
      <ErrorNotice error={error} />
      {mark !== null && (
        <p className="quiet">{t("sql.place", { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 })}</p>
      )}
      {error instanceof SqlError && error.hint !== null && (
        <p className="quiet" lang="en">
          {error.hint}
        </p>
      )}
    </>
  );
}

function Explanation({ of }: { of: Explained }) {
  const t = useText();
  const isAllowed = of.rows <= of.allowed;
  return (
    <Section title={t("sql.explained")}>
      <Notice tone={isAllowed ? "success" : "warning"}>
        {t(isAllowed ? "sql.isAllowed" : "sql.isTooMuch", { allowed: formatNumber(of.allowed) })}
      </Notice>
      <dl className="facts">
        <dt>{t("sql.rowsToRead")}</dt>
        <dd>{t(of.counted === "at least" ? "sql.atLeast" : "sql.atMost", { rows: formatNumber(of.rows) })}</dd>
        <dt>{t("sql.steps")}</dt>
        <dd>{t(of.runsInSteps ? "sql.inSteps" : "sql.atOnce")}</dd>
        <dt>{t("sql.plan")}</dt>
        <dd>
          <pre className="code" lang="en">
            {of.plan.join("\n")}
          </pre>
        </dd>
      </dl>
    </Section>
  );
}

function Rows({
  result: { columns, rows, scanned, ms, next },
  isFull,
  isBusy,
  onMore,
}: {
  result: Result;
  isFull: boolean;
  isBusy: boolean;
  onMore: (() => void) | null;
}) {
  const t = useText();
  const facts = {
    count: rows.length,
    shown: formatNumber(rows.length),
    scanned: formatNumber(scanned),
    time: formatNumber(Math.round(ms), { style: "unit", unit: "millisecond" }),
  };
  return (
    <div className="stack">
      <p role="status">{t(next === null ? "sql.rows" : "sql.rowsSoFar", facts)}</p>
      {rows.length > 0 && <VirtualTable label={t("preview.table")} columns={columns} rows={rows} />}
      {onMore !== null && (
        <div className="actions">
          <Button isPending={isBusy} onPress={onMore}>
            {t("sql.more")}
          </Button>
        </div>
      )}
      {isFull && <Notice tone="info">{t("sql.full")}</Notice>}
    </div>
  );
}
