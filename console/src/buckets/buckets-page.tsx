import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { hrefOf, useGo } from "../app/address.ts";
import { AwsError } from "../aws/errors.ts";
import { createBucket, listBuckets } from "../aws/s3/buckets.ts";
import { queries, useClient } from "../session/session.ts";
import { formatTime } from "../text/format.ts";
import { useText } from "../text/text.ts";
import { Button } from "../ui/button.tsx";
import { FormDialog } from "../ui/dialog.tsx";
import { ErrorNotice } from "../ui/error-notice.tsx";
import { TextField } from "../ui/fields.tsx";
import { Icon } from "../ui/icon.tsx";
import { Empty, Loading } from "../ui/notice.tsx";

/** The buckets of the caller's account, and a way to a bucket that the caller knows by name but may not list. */
export default function BucketsPage() {
  const t = useText();
  const go = useGo();
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
      {data !== undefined && data.length > 0 && (
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{t("buckets.name")}</th>
              <th scope="col">{t("buckets.created")}</th>
            </tr>
          </thead>
          <tbody>
            {data.map((bucket) => (
              <tr key={bucket.name}>
                <td>
                  <a href={hrefOf("/objects", { bucket: bucket.name })} className="name-link">
                    <Icon name="bucket" />
                    <bdi>{bucket.name}</bdi>
                  </a>
                </td>
                <td>{formatTime(bucket.createdMs)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <FormDialog
        title={t("buckets.create")}
        submit={t("buckets.create")}
        isOpen={isCreating}
        onClose={() => setCreating(false)}
        onSubmit={async (form) => {
          const name = String(form.get("name"));
          await createBucket(client, name);
          await queries.invalidateQueries({ queryKey: ["buckets"] });
          go("/objects", { bucket: name });
        }}
      >
        <TextField name="name" label={t("buckets.name")} hint={t("buckets.nameHint")} isRequired isCode autoFocus />
      </FormDialog>
      <FormDialog
        title={t("buckets.openByName")}
        submit={t("buckets.open")}
        isOpen={isOpening}
        onClose={() => setOpening(false)}
        onSubmit={async (form) =>
          go("/objects", { bucket: String(form.get("name")), prefix: String(form.get("prefix")) })
        }
      >
        <TextField name="name" label={t("buckets.name")} isRequired isCode autoFocus />
        <TextField name="prefix" label={t("objects.prefix")} hint={t("buckets.prefixHint")} isCode />
      </FormDialog>
    </div>
  );
}
