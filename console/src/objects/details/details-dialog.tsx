import { useQuery } from "@tanstack/react-query";
import { useGo, usePageSearch } from "../../app/address.ts";
import { AwsError } from "../../aws/errors.ts";
import { isAddressable, nameOf, visibleKey } from "../../aws/keys.ts";
import { headObject, type ObjectHead, type ObjectRef } from "../../aws/s3/objects.ts";
import { useClient } from "../../session/session.ts";
import { useText } from "../../text/text.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { ErrorNotice } from "../../ui/error-notice.tsx";
import { Loading, Notice } from "../../ui/notice.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { toastError } from "../../ui/toasts.tsx";
import type { OpenDialog } from "../actions/object-dialogs.tsx";
import { downloadObject } from "../download/download-object.ts";
import { Preview } from "../preview/preview.tsx";
import { LockPanel } from "./lock-panel.tsx";
import { PlacementPanel } from "./placement-panel.tsx";
import { PropertiesPanel } from "./properties-panel.tsx";
import { TagsPanel } from "./tags-panel.tsx";
import { VersionsPanel } from "./versions-panel.tsx";

interface DetailsProps {
  bucket: string;
  objectKey: string;
  versionId: string | undefined;
  onClose: () => void;
  onOpen: (dialog: OpenDialog) => void;
}

/** What a panel shows: the object, and what HeadObject tells of it. */
export interface PanelProps {
  of: ObjectRef;
  head: ObjectHead;
}

/** All about one object or version. */
export function DetailsDialog({ bucket, objectKey, versionId, onClose, onOpen }: DetailsProps) {
  const t = useText();
  return (
    <Dialog title={visibleKey(nameOf(objectKey))} isOpen onClose={onClose} size="side">
      {isAddressable(objectKey) ? (
        <Details of={{ bucket, key: objectKey, versionId }} onOpen={onOpen} />
      ) : (
        <Notice tone="warning">{t("objects.notAddressable")}</Notice>
      )}
    </Dialog>
  );
}

function Details({ of, onOpen }: { of: ObjectRef; onOpen: (dialog: OpenDialog) => void }) {
  const t = useText();
  const go = useGo();
  const client = useClient();
  const search = usePageSearch();
  const {
    data: head,
    error,
    isPending,
    refetch,
  } = useQuery({
    queryKey: ["objects", of.bucket, "head", of.key, of.versionId],
    queryFn: () => headObject(client, of),
  });
  const isMarker = error instanceof AwsError && error.status === 405;
  if (isPending) return <Loading label={t("loading")} />;
  if (isMarker) return <VersionsPanel of={of} />;
  if (error !== null) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  const panel = { of, head };
  const tabs = [
    { id: "preview", label: t("details.preview"), content: () => <Preview {...panel} /> },
    { id: "properties", label: t("details.properties"), content: () => <PropertiesPanel {...panel} /> },
    { id: "versions", label: t("details.versions"), content: () => <VersionsPanel of={of} /> },
    { id: "tags", label: t("details.tags"), content: () => <TagsPanel {...panel} /> },
    { id: "lock", label: t("details.lock"), content: () => <LockPanel {...panel} /> },
    { id: "placement", label: t("details.placement"), content: () => <PlacementPanel of={of} /> },
  ];
  return (
    <div className="stack">
      <div className="actions">
        <Button icon="download" onPress={() => void downloadObject(client, of).catch(toastError)}>
          {t("download.one")}
        </Button>
        <Button icon="link" onPress={() => onOpen({ kind: "share", ref: of })}>
          {t("share.title")}
        </Button>
        <Button icon="copy" onPress={() => onOpen({ kind: "copy", ref: of })}>
          {t("copy.title")}
        </Button>
      </div>
      <Tabs
        label={t("objects.details")}
        tabs={tabs}
        selected={search.tab ?? "preview"}
        onSelect={(tab) => tab !== (search.tab ?? "preview") && go("/objects", { ...search, tab }, { replace: true })}
      />
    </div>
  );
}
