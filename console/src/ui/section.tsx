import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useId } from "react";
import { useText } from "../text/text.ts";
import { ErrorNotice } from "./error-notice.tsx";
import { Loading } from "./notice.tsx";
import "./section.css";

/** A part of a page with its heading. */
export function Section({ title, hint, children }: { title: string; hint?: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <section className="section stack" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {hint && <p className="hint">{hint}</p>}
      {children}
    </section>
  );
}

/** What the store answers, drawn when it has. `undefined` is no answer: read null instead. */
export function Loaded<Value>({
  queryKey,
  read,
  children,
}: {
  queryKey: readonly unknown[];
  read: () => Promise<Value>;
  children: (value: Value) => ReactNode;
}) {
  const t = useText();
  const { data, error, refetch } = useQuery({ queryKey, queryFn: read });
  if (data !== undefined) return children(data);
  if (error !== null) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  return <Loading label={t("loading")} />;
}
