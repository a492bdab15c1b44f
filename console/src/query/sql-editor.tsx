import { autocompletion } from "@codemirror/autocomplete";
import { SQLite, sql } from "@codemirror/lang-sql";
import { Prec, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, keymap, ViewPlugin } from "@codemirror/view";
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
  mark: { position: number } | null;
}

const setMark = StateEffect.define<{ from: number; to: number } | null>();

/**
 * Underlines what is wrong until it is edited. Not by CodeMirror's own diagnostics: their underline is an image of a `data:` address, which
 * the page's policy forbids.
 */
const MARK = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, { docChanged, effects }) {
    const given = effects.findLast((effect) => effect.is(setMark));
    if (given === undefined) return docChanged ? Decoration.none : marks;
    if (given.value === null) return Decoration.none;
    const { from, to } = given.value;
    return Decoration.set(Decoration.mark({ class: "cm-wrong" }).range(from, to));
  },
  provide: (field) => EditorView.decorations.from(field),
});
const MARK_THEME = EditorView.theme({ ".cm-wrong": { textDecoration: "underline wavy var(--danger)" } });

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
      MARK,
      MARK_THEME,
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
    // At the end there is nothing to underline but what stands before it.
    const from = Math.max(0, Math.min(mark?.position ?? 0, length - 1));
    const to = Math.min(shown.state.wordAt(from)?.to ?? from + 1, length);
    shown.dispatch({ effects: setMark.of(mark === null || to <= from ? null : { from, to }) });
  }, [mark]);
  return <CodeEditor value={value} label={label} onChange={onChange} extensions={extensions} />;
}

/** A command of CodeMirror that has always done something. */
function runs(act: () => void): true {
  act();
  return true;
}
