import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useGo, usePageSearch } from "../app/address.ts";
import { getVersioning } from "../aws/s3/buckets.ts";
import { type Entry, listPage } from "../aws/s3/list.ts";
import { queries, useClient } from "../session/session.ts";
import { useText } from "../text/text.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { Switch } from "../ui/fields.tsx";
import { ObjectDialogs, type OpenDialog } from "./actions/object-dialogs.tsx";
import { SelectionBar } from "./actions/selection-bar.tsx";
import { useEntryActions } from "./actions/use-entry-actions.ts";
import { Breadcrumbs } from "./breadcrumbs.tsx";
import { DetailsDialog } from "./details/details-dialog.tsx";
import { ListStore, type Sort, type SortColumn } from "./list/list-store.ts";
import { idOf, ObjectList } from "./list/object-list.tsx";
import { PrefixSearch } from "./prefix-search.tsx";
import { DropArea } from "./upload/drop-area.tsx";
import { UnfinishedUploads } from "./upload/unfinished-uploads.tsx";
import type { ChosenFile } from "./upload/upload.ts";
import { UploadButton } from "./upload/upload-button.tsx";

/** Objects below a prefix. What is opened, searched and shown is in the address, so a reload and a link lead to the same. */
export default function ObjectsPage() {
  const { bucket = "", prefix = "" } = usePageSearch();
  // What is selected or open belongs to its folder.
  return <Folder key={`${bucket}/${prefix}`} />;
}

function Folder() {
  const t = useText();
  const go = useGo();
  const client = useClient();
  const { bucket = "", prefix = "", find = "", versions, key, versionId } = usePageSearch();
  const isVersions = versions === "1";
  const [sort, setSort] = useState<Sort>({ column: "key", isDescending: false });
  const [selected, setSelected] = useState<ReadonlyMap<string, Entry>>(new Map());
  const [dialog, setDialog] = useState<OpenDialog | null>(null);
  const versioning = useQuery({
    queryKey: ["versioning", bucket],
    queryFn: () => getVersioning(client, bucket),
    retry: false,
  });
  // Counts how often the listing is out of date: uploads and deletions invalidate it.
  const { data: stamp } = useQuery({
    queryKey: ["objects", bucket],
    queryFn: () => Promise.resolve(Date.now()),
    initialData: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const store = useMemo(() => {
    void stamp;
    const listing = { bucket, prefix: prefix + find, delimiter: "/", versions: isVersions };
    const fresh = new ListStore((from) => listPage(client, listing, from), sort);
    void fresh.loadMore();
    return fresh;
  }, [client, bucket, prefix, find, isVersions, sort, stamp]);
  const actionsOf = useEntryActions({ bucket, prefix, open: setDialog });
  const refresh = () => {
    setSelected(new Map());
    return queries.invalidateQueries({ queryKey: ["objects", bucket] });
  };
  const select = (entries: readonly Entry[], isSelected: boolean) => {
    const next = new Map(selected);
    for (const entry of entries) isSelected ? next.set(idOf(entry), entry) : next.delete(idOf(entry));
    setSelected(next);
  };
  const sortBy = (column: SortColumn) =>
    setSort({ column, isDescending: sort.column === column ? !sort.isDescending : column !== "key" });
  const here = { bucket, prefix: prefix || undefined, versions };
  const chosen = (files: readonly ChosenFile[]) => files.length > 0 && setDialog({ kind: "upload", files });
  return (
    <DropArea label={t("upload.dropHere")} onFiles={chosen}>
      <div className="page objects-page">
        <header className="page-header">
          <Breadcrumbs bucket={bucket} prefix={prefix} />
          <div className="actions">
            <IconButton icon="refresh" label={t("objects.refresh")} onPress={() => void refresh()} />
            <Button icon="folder" onPress={() => setDialog({ kind: "folder" })}>
              {t("objects.newFolder")}
            </Button>
            <Button icon="link" onPress={() => setDialog({ kind: "uploadLink" })}>
              {t("share.upload")}
            </Button>
            <UploadButton onFiles={chosen} />
          </div>
        </header>
        <UnfinishedUploads bucket={bucket} prefix={prefix} stamp={stamp} />
        <div className="list-tools">
          <PrefixSearch
            key={prefix}
            value={find}
            onSearch={(text) => go("/objects", { ...here, find: text || undefined }, { replace: true })}
          />
          {versioning.data !== null && versioning.data !== undefined && (
            <Switch
              isSelected={isVersions}
              onChange={(is) => go("/objects", { ...here, find: find || undefined, versions: is ? "1" : undefined })}
            >
              {t("versions.show")}
            </Switch>
          )}
        </div>
        <SelectionBar
          bucket={bucket}
          prefix={prefix}
          selected={[...selected.values()]}
          onClear={() => setSelected(new Map())}
          onOpen={setDialog}
        />
        <ObjectList
          key={`${bucket}/${prefix}${find}`}
          {...{ store, bucket, prefix, sort, selected, actionsOf }}
          onSort={sortBy}
          onSelect={select}
          emptyText={t(find === "" ? "objects.none" : "objects.noneFound")}
        />
      </div>
      <ObjectDialogs
        bucket={bucket}
        prefix={prefix}
        isVersioned={versioning.data === "Enabled"}
        dialog={dialog}
        onClose={() => setDialog(null)}
        onChanged={refresh}
      />
      {key !== undefined && (
        <DetailsDialog
          bucket={bucket}
          objectKey={key}
          versionId={versionId}
          onClose={() => go("/objects", { ...here, find: find || undefined })}
          onOpen={setDialog}
        />
      )}
    </DropArea>
  );
}
