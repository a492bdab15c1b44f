import { autocompletion } from "@codemirror/autocomplete";
import { SQLite, sql } from "@codemirror/lang-sql";
import { setDiagnostics } from "@codemirror/lint";
import { Prec } from "@codemirror/state";
import { type EditorView, keymap, ViewPlugin } from "@codemirror/view";
import { useEffect, useMemo, useRef } from "react";
import CodeEditor from "../ui/code-editor.tsx";
import { SCHEMA } from "./schema.ts";

export interface SqlEditorProps {
  value: string;
  label: string;
  onChange: (value: string) => void;
  /** Ctrl+Enter, or Command+Enter. */
  onRun: () => void;
  /** Where the query is wrong. */
  mark: { position: number; message: string } | null;
}

/** A query in SQLite's dialect; to be imported lazily. */
export default function SqlEditor({ value, label, onChange, onRun, mark }: SqlEditorProps) {
  const view = useRef<EditorView | null>(null);
  const run = useRef(onRun);
  run.current = onRun;
  const extensions = useMemo(
    () => [
      sql({ dialect: SQLite, schema: SCHEMA, upperCaseKeywords: true }),
      autocompletion(),
      Prec.highest(keymap.of([{ key: "Mod-Enter", run: () => runs(run.current) }])),
      ViewPlugin.define((created) => {
        view.current = created;
        return { destroy: () => (view.current = null) };
      }),
    ],
    [],
  );
  useEffect(() => {
    const shown = view.current;
    if (shown === null) return;
    const length = shown.state.doc.length;
    const from = Math.min(mark?.position ?? 0, length);
    const to = Math.min(shown.state.wordAt(from)?.to ?? from + 1, length);
    const found = mark === null ? [] : [{ from, to, severity: "error" as const, message: mark.message }];
    shown.dispatch(setDiagnostics(shown.state, found));
  }, [mark]);
  return <CodeEditor value={value} label={label} onChange={onChange} extensions={extensions} />;
}

/** A command of CodeMirror that has always done something. */
function runs(act: () => void): true {
  act();
  return true;
}
