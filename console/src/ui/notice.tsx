import type { ReactNode } from "react";
import { Icon } from "./icon.tsx";

type Tone = "info" | "success" | "warning" | "danger";

/** Something that the reader should know before going on. Dangers are read aloud at once. */
export function Notice({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <div className={`notice ${tone}`} role={tone === "danger" ? "alert" : "status"}>
      <Icon name={tone === "success" ? "check" : tone === "info" ? "info" : "warning"} />
      <div>{children}</div>
    </div>
  );
}

/** In place of a list without entries. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <p>{title}</p>
      {children}
    </div>
  );
}

/** While a page or a part of it is fetched. */
export function Loading({ label }: { label: string }) {
  return (
    <p className="loading" role="status">
      <span className="spinner" aria-hidden="true" />
      {label}
    </p>
  );
}
