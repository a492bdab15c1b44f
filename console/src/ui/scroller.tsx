import type { ReactNode, Ref } from "react";

/** A part of a page that scrolls by itself. It takes the focus, so that the keyboard scrolls it too. */
export function Scroller({
  label,
  className,
  ref,
  children,
}: {
  /** Read aloud. */
  label: string;
  className: string;
  ref?: Ref<HTMLDivElement>;
  children: ReactNode;
}) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would be the element for this role, and belongs in forms
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be scrolled by the keyboard too
    <div ref={ref} className={className} role="group" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
