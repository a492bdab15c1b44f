import { lazy, Suspense } from "react";
import { useText } from "../text/text.ts";
import type { CodeEditorProps } from "./code-editor.tsx";
import { Loading } from "./notice.tsx";

const CodeEditor = lazy(() => import("./code-editor.tsx"));

/** An editor of JSON, fetched when it is first needed, that completes words within quotes. */
export function JsonEditor({
  words,
  ...props
}: Omit<CodeEditorProps, "language" | "lint" | "complete"> & {
  /** What may stand in it. */
  words: readonly string[];
}) {
  const t = useText();
  return (
    <div>
      <Suspense fallback={<Loading label={t("loading")} />}>
        <CodeEditor {...props} language="json" complete={(context) => completeWord(context, words)} />
      </Suspense>
      <p className="hint">{t("editor.hint")}</p>
    </div>
  );
}

type Context = Parameters<NonNullable<CodeEditorProps["complete"]>>[0];

/** The words that go on as what was typed in quotes begins. */
export function completeWord(context: Pick<Context, "matchBefore" | "explicit">, words: readonly string[]) {
  const typed = context.matchBefore(/"[\w:*/.-]*/);
  if (typed === null || (typed.text.length < 2 && !context.explicit)) return null;
  return { from: typed.from + 1, options: words.map((label) => ({ label })), validFor: /^[\w:*/.-]*$/ };
}
