import { type ReactNode, useState } from "react";
import { useText } from "../text/text.ts";
import { JsonEditor } from "../ui/json-editor.tsx";
import { SaveForm } from "../ui/save-form.tsx";
import { policyWords } from "./policy-words.ts";

/** A policy in the editor. The store says what is wrong with it. */
export function PolicyForm({
  label,
  document,
  onSave,
  isReadOnly = false,
  arns = [],
  children,
  more,
}: {
  /** Read aloud. */
  label: string;
  document: string;
  onSave: (document: string) => Promise<unknown>;
  isReadOnly?: boolean;
  /** Completed beside the words of policies. */
  arns?: readonly string[];
  children?: ReactNode;
  more?: ReactNode;
}) {
  const t = useText();
  const [begin] = useState(() => pretty(document));
  const [edited, setEdited] = useState(begin);
  const editor = (
    <JsonEditor label={label} value={begin} onChange={setEdited} words={policyWords(arns)} isReadOnly={isReadOnly} />
  );
  if (isReadOnly) return editor;
  return (
    <SaveForm submit={t("form.save")} onSave={() => onSave(edited)} more={more}>
      {children}
      {editor}
    </SaveForm>
  );
}

/** Text that is no JSON stays as it is. */
function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
