import { lazy, Suspense } from "react";
import { useText } from "../text/text.ts";
import type { CodeEditorProps } from "./code-editor.tsx";
import { completeWord } from "./complete-word.ts";
import { Loading } from "./notice.tsx";

const CodeEditor = lazy(() => import("./code-editor.tsx"));

/** An editor of JSON, fetched when it is first needed, that completes words within quotes. */
export function JsonEditor({
  words,
  ...props
}: Omit<CodeEditorProps, "language" | "complete"> & {
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
