import { autocompletion, type CompletionSource, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { searchKeymap } from "@codemirror/search";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "react";

export interface CodeEditorProps {
  value: string;
  /** Read aloud. */
  label: string;
  isReadOnly?: boolean;
  onChange?: (value: string) => void;
  language?: "json";
  complete?: CompletionSource;
  /** A language of its own, and what belongs to it. */
  extensions?: Extension;
}

/**
 * A text with line numbers; to be imported lazily. It lives in a shadow root: there CodeMirror uses constructed style sheets, and elsewhere
 * style elements, which the page's policy forbids. `value` is what it begins with. Escape, then Tab, leaves it.
 */
export default function CodeEditor(props: CodeEditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const { value, label, isReadOnly = false } = props;
  useEffect(() => {
    if (host.current === null) return;
    const root = host.current.shadowRoot ?? host.current.attachShadow({ mode: "open" });
    const { language, complete, extensions = [] } = latest.current;
    const state = EditorState.create({
      doc: latest.current.value,
      extensions: [
        lineNumbers(),
        history(),
        bracketMatching(),
        EditorView.lineWrapping,
        syntaxHighlighting(COLOURS),
        keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap, ...completionKeymap]),
        EditorState.readOnly.of(isReadOnly),
        EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) latest.current.onChange?.(update.state.doc.toString());
        }),
        THEME,
        extensions,
        ...(language === "json" ? [json()] : []),
        ...(complete ? [autocompletion({ override: [complete] })] : []),
      ],
    });
    const view = new EditorView({ state, root, parent: root });
    return () => view.destroy();
  }, [label, isReadOnly]);
  useEffect(() => {
    latest.current.value = value;
  }, [value]);
  return <div ref={host} className="code-editor" />;
}

const THEME = EditorView.theme({
  "&": { height: "100%", color: "var(--text)", backgroundColor: "var(--surface)", fontSize: "0.9rem" },
  ".cm-scroller": { fontFamily: "var(--mono)", overflow: "auto" },
  ".cm-content": { caretColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "var(--hover)", color: "var(--quiet)", border: "none" },
  "&.cm-focused": { outline: "2px solid var(--accent)" },
  ".cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--text)", border: "1px solid var(--line)" },
});

/** Colours of the page, which have contrast enough on light and on dark. */
const COLOURS = HighlightStyle.define([
  { tag: tags.string, color: "var(--accent)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--success)" },
  { tag: tags.keyword, color: "var(--accent)", fontWeight: "600" },
  { tag: tags.comment, color: "var(--quiet)" },
  { tag: tags.propertyName, color: "var(--text)", fontWeight: "600" },
  { tag: tags.invalid, color: "var(--danger)" },
]);
