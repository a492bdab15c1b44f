import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { hrefOf } from "../../app/address.ts";
import { nameOf, visibleKey } from "../../aws/keys.ts";
import type { Entry } from "../../aws/s3/list.ts";
import { formatBytes, formatNumber, formatShortTime } from "../../text/format.ts";
import { useText } from "../../text/text.ts";
import { Button, IconButton } from "../../ui/button.tsx";
import { ErrorNotice } from "../../ui/error-notice.tsx";
import { Checkbox } from "../../ui/fields.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Menu, type MenuAction } from "../../ui/menu.tsx";
import { Empty, Loading } from "../../ui/notice.tsx";
import type { ListStore, Sort, SortColumn } from "./list-store.ts";

const ROW_PIXELS = 40;
/** Browsers draw no element higher than some 16 million pixels: a longer listing is shown in stretches. */
const STRETCH_ROWS = 400_000;

export interface ObjectListProps {
  store: ListStore;
  bucket: string;
  prefix: string;
  sort: Sort;
  onSort: (column: SortColumn) => void;
  selected: ReadonlyMap<string, Entry>;
  onSelect: (entries: readonly Entry[], isSelected: boolean) => void;
  actionsOf: (entry: Entry) => MenuAction[];
  emptyText: string;
}

/** What a row is known by. */
export function idOf({ key, versionId = "" }: Entry): string {
  return `${key}\0${versionId}`;
}

export function ObjectList(props: ObjectListProps) {
  const t = useText();
  const { store, emptyText } = props;
  useSyncExternalStore(store.subscribe, store.changes);
  const scroller = useRef<HTMLDivElement>(null);
  // Of one listing: another one begins at its beginning.
  const [stretch, setStretch] = useState({ store, base: 0 });
  const base = stretch.store === store ? stretch.base : 0;
  const shown = Math.min(store.count - base, STRETCH_ROWS);
  const virtualizer = useVirtualizer({
    count: Math.max(0, shown),
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PIXELS,
    overscan: 12,
  });
  const items = virtualizer.getVirtualItems();
  const last = base + (items.at(-1)?.index ?? 0);
  useEffect(() => {
    if (last >= store.count - 200 && store.count - base < STRETCH_ROWS) void store.loadMore();
  }, [store, last, base]);
  /** A row that the keyboard has asked for, and that may have yet to be drawn or loaded. */
  const wanted = useRef<number | null>(null);
  const focusWanted = () => {
    const active = document.activeElement;
    // Unless the reader has gone elsewhere by now.
    if (active !== document.body && !scroller.current?.contains(active)) wanted.current = null;
    const row = scroller.current?.querySelector(`[data-index="${wanted.current}"]`);
    if (!row?.firstElementChild) return;
    wanted.current = null;
    row.querySelector("a")?.focus();
  };
  useEffect(focusWanted);
  const move = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 }[event.key];
    const row = (event.target as HTMLElement).closest<HTMLElement>("[data-index]");
    if (step === undefined || row === null) return;
    event.preventDefault();
    const index = Math.max(0, Math.min(shown - 1, Number(row.dataset.index) + step));
    virtualizer.scrollToIndex(index);
    wanted.current = index;
    focusWanted();
  };
  if (store.count === 0) {
    if (store.error !== null) return <ErrorNotice error={store.error} onRetry={() => void store.retry()} />;
    return store.isComplete ? <Empty title={emptyText} /> : <Loading label={t("loading")} />;
  }
  return (
    <div className="object-list">
      <div
        className="object-table"
        role="table"
        aria-label={t("objects.title")}
        aria-rowcount={store.isComplete ? store.count + 1 : -1}
      >
        <ListHead {...props} />
        <div ref={scroller} className="object-rows" role="rowgroup" onKeyDown={move}>
          <div role="presentation" style={{ height: virtualizer.getTotalSize(), position: "relative" }}>
            {items.map((item) => (
              <Row key={item.key} {...props} index={base + item.index} place={item.index} top={item.start} />
            ))}
          </div>
        </div>
      </div>
      <ListFoot
        store={store}
        isSorted={props.sort.column !== "key"}
        base={base}
        onBase={(row) => {
          setStretch({ store, base: row });
          scroller.current?.scrollTo(0, 0);
        }}
      />
    </div>
  );
}

function ListHead({ store, sort, onSort, selected, onSelect }: ObjectListProps) {
  const t = useText();
  const rows = Array.from({ length: Math.min(store.count, 1_000) }, (_, index) => store.row(index)).filter(
    (row) => row !== null,
  );
  const areAll = rows.length > 0 && rows.every((row) => selected.has(idOf(row)));
  const column = (name: SortColumn, label: string, className: string) => (
    <span
      role="columnheader"
      className={className}
      aria-sort={sort.column === name ? (sort.isDescending ? "descending" : "ascending") : "none"}
    >
      <Button variant="link" onPress={() => onSort(name)}>
        {label}
        {sort.column === name ? (sort.isDescending ? " ↓" : " ↑") : ""}
      </Button>
    </span>
  );
  return (
    <div role="rowgroup">
      <div role="row" className="object-row head">
        <span role="columnheader" className="cell-check">
          <Checkbox
            aria-label={t("objects.selectPage")}
            isSelected={areAll}
            isIndeterminate={!areAll && selected.size > 0}
            onChange={(is) => onSelect(rows, is)}
          />
        </span>
        {column("key", t("objects.name"), "cell-name")}
        {column("sizeBytes", t("objects.size"), "cell-size")}
        {column("modifiedMs", t("objects.modified"), "cell-time")}
        <span role="columnheader" className="cell-class">
          {t("objects.storageClass")}
        </span>
        <span role="columnheader" className="cell-menu">
          <span className="visually-hidden">{t("objects.actions")}</span>
        </span>
      </div>
    </div>
  );
}

function Row({ index, place, top, ...props }: ObjectListProps & { index: number; place: number; top: number }) {
  const t = useText();
  const { store, bucket, prefix, selected, onSelect, actionsOf } = props;
  const entry = store.row(index);
  const style = { transform: `translateY(${top}px)` };
  if (entry === null)
    return <div role="row" className="object-row" style={style} data-index={place} aria-rowindex={index + 2} />;
  const name =
    entry.key === prefix ? t("objects.folderItself") : visibleKey(entry.key.slice(prefix.length) || nameOf(entry.key));
  const isFolder = entry.kind === "prefix";
  const search = isFolder
    ? { bucket, prefix: entry.key }
    : { bucket, prefix, key: entry.key, versionId: entry.versionId };
  const actions = actionsOf(entry);
  return (
    <div role="row" className={`object-row ${entry.kind}`} style={style} data-index={place} aria-rowindex={index + 2}>
      <span role="cell" className="cell-check">
        <Checkbox
          aria-label={t("objects.select", { name })}
          isSelected={selected.has(idOf(entry))}
          onChange={(is) => onSelect([entry], is)}
        />
      </span>
      <span role="cell" className="cell-name">
        <Icon name={isFolder ? "folder" : entry.kind === "marker" ? "trash" : "file"} />
        {entry.kind === "marker" ? (
          <bdi>{name}</bdi>
        ) : (
          <a href={hrefOf("/objects", search)} title={name}>
            <bdi>{name}</bdi>
          </a>
        )}
        {entry.versionId !== undefined && <span className="badge">{t(labelOfVersion(entry))}</span>}
      </span>
      <span role="cell" className="cell-size">
        {entry.kind === "object" && formatBytes(entry.sizeBytes)}
      </span>
      <span role="cell" className="cell-time">
        {formatShortTime(entry.modifiedMs)}
      </span>
      <span role="cell" className="cell-class">
        {entry.storageClass}
      </span>
      <span role="cell" className="cell-menu">
        {actions.length > 0 && (
          <Menu
            label={t("objects.actionsOf", { name })}
            actions={actions}
            trigger={<IconButton icon="more" label={t("objects.actionsOf", { name })} />}
          />
        )}
      </span>
    </div>
  );
}

export function labelOfVersion({ kind, isLatest }: Entry) {
  if (kind === "marker") return isLatest ? "versions.deleted" : "versions.marker";
  return isLatest ? "versions.current" : "versions.old";
}

/** How much is known, and the way to the next stretch. */
function ListFoot({
  store,
  base,
  isSorted,
  onBase,
}: {
  store: ListStore;
  base: number;
  isSorted: boolean;
  onBase: (row: number) => void;
}) {
  const t = useText();
  const end = base + STRETCH_ROWS;
  return (
    <div className="object-foot">
      <span role="status">
        {t(store.isComplete ? "objects.count" : "objects.countSoFar", {
          count: store.count,
          shown: formatNumber(store.count),
        })}
      </span>
      {isSorted && store.pageCount > 1 && <span>{t("objects.sortedByPage")}</span>}
      {store.error !== null && <ErrorNotice error={store.error} onRetry={() => void store.retry()} />}
      {base > 0 && (
        <Button variant="link" onPress={() => onBase(base - STRETCH_ROWS)}>
          {t("objects.previousStretch")}
        </Button>
      )}
      {store.count >= end && (
        <Button
          variant="link"
          onPress={() => {
            void store.loadMore();
            onBase(end);
          }}
        >
          {t("objects.nextStretch", { from: formatNumber(end) })}
        </Button>
      )}
    </div>
  );
}
