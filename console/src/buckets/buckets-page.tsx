import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { hrefOf, useGo } from "../app/address.ts";
import { AwsError } from "../aws/errors.ts";
import { type Bucket, deleteBucket, listBuckets } from "../aws/s3/buckets.ts";
import { queries, useClient } from "../session/session.ts";
import { formatBytes, formatNumber, formatTime } from "../text/format.ts";
import { useText } from "../text/text.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import { type Column, DataTable } from "../ui/data-table.tsx";
import { FormDialog } from "../ui/dialog.tsx";
import { ErrorNotice } from "../ui/error-notice.tsx";
import { TextField } from "../ui/fields.tsx";
import { Icon } from "../ui/icon.tsx";
import { Menu } from "../ui/menu.tsx";
import { Empty, Loading } from "../ui/notice.tsx";
import { emptyInTray } from "./bucket-actions.ts";
import { CreateBucketDialog } from "./create-bucket-dialog.tsx";
import { allUsage, type Usage } from "./usage.ts";

/** The buckets of the caller's account, and a way to a bucket that the caller knows by name but may not list. */
export default function BucketsPage() {
  const t = useText();
  const client = useClient();
  const [isCreating, setCreating] = useState(false);
  const [isOpening, setOpening] = useState(false);
  const { data, error, isPending, refetch } = useQuery({ queryKey: ["buckets"], queryFn: () => listBuckets(client) });
  // Whoever may not list buckets may still be allowed into one.
  const mayNotList = error instanceof AwsError && error.status === 403;
  return (
    <div className="page">
      <header className="page-header">
        <h1>{t("buckets.title")}</h1>
        <div className="actions">
          <Button onPress={() => setOpening(true)}>{t("buckets.openByName")}</Button>
          <Button variant="primary" icon="plus" onPress={() => setCreating(true)}>
            {t("buckets.create")}
          </Button>
        </div>
      </header>
      {isPending && <Loading label={t("loading")} />}
      {mayNotList && <Empty title={t("buckets.mayNotList")} />}
      {error !== null && !mayNotList && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {data?.length === 0 && <Empty title={t("buckets.none")} />}
      {data !== undefined && data.length > 0 && <BucketsTable buckets={data} />}
      {isCreating && <CreateBucketDialog isOpen onClose={() => setCreating(false)} />}
      <OpenDialog isOpen={isOpening} onClose={() => setOpening(false)} />
    </div>
  );
}

function BucketsTable({ buckets }: { buckets: readonly Bucket[] }) {
  const t = useText();
  const client = useClient();
  const usage = useQuery({ queryKey: ["usage", "buckets"], queryFn: () => allUsage(client), retry: false });
  const [chosen, choose] = useState<{ bucket: string; act: "delete" | "empty" } | null>(null);
  const counted = (of: (usage: Usage) => string) => (bucket: Bucket) => {
    const found = usage.data?.get(bucket.name);
    return found === undefined ? "" : of(found);
  };
  const columns: Column<Bucket>[] = [
    {
      id: "name",
      title: t("buckets.name"),
      cell: ({ name }) => (
        <a href={hrefOf("/objects", { bucket: name })} className="name-link">
          <Icon name="bucket" />
          <bdi>{name}</bdi>
        </a>
      ),
    },
    // Whoever may not see usage sees no empty columns.
    ...(usage.data === undefined
      ? []
      : [
          {
            id: "objects",
            title: t("buckets.objects"),
            isNumber: true,
            cell: counted(({ objects }) => formatNumber(objects)),
          },
          { id: "bytes", title: t("buckets.size"), isNumber: true, cell: counted(({ bytes }) => formatBytes(bytes)) },
        ]),
    { id: "created", title: t("buckets.created"), cell: ({ createdMs }) => formatTime(createdMs) },
    {
      id: "actions",
      title: t("table.actions"),
      isTitleHidden: true,
      cell: ({ name }) => <BucketMenu bucket={name} onChoose={(act) => choose({ bucket: name, act })} />,
    },
  ];
  return (
    <>
      <DataTable
        label={t("buckets.title")}
        rows={buckets}
        keyOf={({ name }) => name}
        searchText={({ name }) => name}
        columns={columns}
      />
      {chosen !== null && <GoneDialog {...chosen} onClose={() => choose(null)} />}
    </>
  );
}

function BucketMenu({ bucket, onChoose }: { bucket: string; onChoose: (act: "delete" | "empty") => void }) {
  const t = useText();
  const go = useGo();
  return (
    <Menu
      label={t("buckets.actionsOf", { bucket })}
      trigger={<IconButton icon="more" label={t("buckets.actionsOf", { bucket })} />}
      actions={[
        { id: "settings", label: t("bucket.settings"), icon: "gauge", onAction: () => go("/bucket", { bucket }) },
        { id: "empty", label: t("buckets.empty"), icon: "trash", isDangerous: true, onAction: () => onChoose("empty") },
        {
          id: "delete",
          label: t("buckets.delete"),
          icon: "trash",
          isDangerous: true,
          onAction: () => onChoose("delete"),
        },
      ]}
    />
  );
}

/** An empty bucket is deleted at once; for another, all that is in it goes first, in the tray. */
function GoneDialog({ bucket, act, onClose }: { bucket: string; act: "delete" | "empty"; onClose: () => void }) {
  const t = useText();
  const client = useClient();
  const confirm = async () => {
    if (act === "empty") return emptyInTray(client, bucket, false);
    try {
      await deleteBucket(client, bucket);
      await queries.invalidateQueries({ queryKey: ["buckets"] });
    } catch (error) {
      if (!(error instanceof AwsError) || error.code !== "BucketNotEmpty") throw error;
      emptyInTray(client, bucket, true);
    }
  };
  const label = t(act === "empty" ? "buckets.empty" : "buckets.delete");
  return (
    <ConfirmDialog
      title={`${label}: ${bucket}`}
      name={bucket}
      submit={label}
      isOpen
      onClose={onClose}
      onConfirm={confirm}
    >
      {t(act === "empty" ? "buckets.emptyWarning" : "buckets.deleteWarning")}
    </ConfirmDialog>
  );
}

function OpenDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const t = useText();
  const go = useGo();
  return (
    <FormDialog
      title={t("buckets.openByName")}
      submit={t("buckets.open")}
      isOpen={isOpen}
      onClose={onClose}
      onSubmit={async (form) =>
        go("/objects", { bucket: String(form.get("name")), prefix: String(form.get("prefix")) })
      }
    >
      <TextField name="name" label={t("buckets.name")} isRequired isCode autoFocus />
      <TextField name="prefix" label={t("objects.prefix")} hint={t("buckets.prefixHint")} isCode />
    </FormDialog>
  );
}
