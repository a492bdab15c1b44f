/** Paths of 24 by 24 icons, drawn for the console. */
const PATHS = {
  arrow: "M5 12h14m-5-5 5 5-5 5",
  bell: "M6 16V11a6 6 0 0 1 12 0v5l2 2H4zM10 20h4M12 5V3",
  bucket: "M4 7c0-4 16-4 16 0l-2 11c-.5 3-11.500 3-12 0zM4 7c0 3.500 16 3.500 16 0",
  check: "m5 12 5 5 9-10",
  chevron: "m9 6 6 6-6 6",
  close: "m6 6 12 12M18 6 6 18",
  copy: "M9 9h10v11H9zM5 15V4h10",
  download: "M12 4v11m-5-5 5 5 5-5M5 20h14",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  folder: "M3 6h6l2 2h10v11H3z",
  gauge: "M4 17a8 8 0 1 1 16 0M12 15l4-5",
  info: "M12 11v6m0-10v.5M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z",
  link: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1m2 4a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
  menu: "M4 7h16M4 12h16M4 17h16",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  pause: "M9 5v14M15 5v14",
  people:
    "M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zm-6 9c0-7 12-7 12 0M16 4.500a3 3 0 0 1 0 6M18 14c2 .7 3 3 3 6",
  play: "M8 5v14l11-7z",
  plus: "M12 5v14M5 12h14",
  queue: "M4 6h16v4H4zM4 14h16v4H4z",
  refresh: "M20 5v5h-5M4 19v-5h5M5.500 9a7 7 0 0 1 12-2.500L20 10M4 14l2.500 3.500a7 7 0 0 0 12-2.500",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zm5 12 4 4",
  table: "M4 5h16v14H4zM4 10h16M4 14.500h16M10 10v9",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 14h10l1-14M10 11v6m4-6v6",
  undo: "M9 7 4 12l5 5M4 12h10a6 6 0 0 1 0 9",
  upload: "M12 20V9m-5 5 5-5 5 5M5 4h14",
  warning: "M12 4 2.500 20h19zM12 10v5m0 2.500v.1",
} as const;

export type IconName = keyof typeof PATHS;

/** Says nothing to a screen reader: text or a label stands beside it. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
