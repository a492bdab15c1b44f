import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { AwsError } from "../../aws/errors.ts";
import { useClient } from "../../session/session.ts";
import { formatBytes, formatNumber } from "../../text/format.ts";
import { useText } from "../../text/text.ts";
import { ErrorNotice } from "../../ui/error-notice.tsx";
import { Empty, Loading, Notice } from "../../ui/notice.tsx";
import { Section } from "../../ui/section.tsx";
import { type BucketUsage, bucketUsage, putQuota } from "../usage.ts";
import { QuotaForm } from "./quota-form.tsx";
import { readAgain, settingKey } from "./setting.ts";

const Chart = lazy(() => import("../../ui/chart.tsx"));

/** Size and count, over time too, and how large the bucket may become. */
export function Overview({ bucket }: { bucket: string }) {
  const t = useText();
  const client = useClient();
  const { data, error, isPending } = useQuery({
    queryKey: settingKey(bucket, "usage"),
    queryFn: () => bucketUsage(client, bucket),
    retry: false,
  });
  if (isPending) return <Loading label={t("loading")} />;
  if (error !== null) {
    const mayNot = error instanceof AwsError && error.status === 403;
    return mayNot ? <Empty title={t("bucket.mayNotSeeUsage")} /> : <ErrorNotice error={error} />;
  }
  return (
    <>
      <UsageSection usage={data} />
      <Section title={t("bucket.quota")} hint={t("bucket.quotaHint")}>
        <QuotaForm
          quota={data.quota}
          onSave={async (quota) => {
            await putQuota(client, bucket, quota);
            await readAgain(bucket);
          }}
        />
      </Section>
    </>
  );
}

function UsageSection({ usage }: { usage: BucketUsage }) {
  const t = useText();
  const days = [...usage.days].reverse();
  const timesMs = days.map(({ date }) => Date.parse(date));
  const cost = usage.monthlyDollars?.total ?? null;
  return (
    <Section title={t("bucket.usage")}>
      {!usage.isCounted && <Notice tone="info">{t("bucket.stillCounting")}</Notice>}
      <dl className="facts">
        <dt>{t("buckets.size")}</dt>
        <dd>{formatBytes(usage.bytes)}</dd>
        <dt>{t("buckets.objects")}</dt>
        <dd>{formatNumber(usage.objects)}</dd>
        <dt>{t("bucket.versions")}</dt>
        <dd>{formatNumber(usage.versions)}</dd>
        <dt>{t("bucket.deleteMarkers")}</dt>
        <dd>{formatNumber(usage.deleteMarkers)}</dd>
        {cost !== null && (
          <>
            <dt>{t("operations.cost")}</dt>
            <dd>{formatNumber(cost, { style: "currency", currency: "USD", maximumFractionDigits: 4 })}</dd>
          </>
        )}
      </dl>
      {days.length > 0 && (
        <Suspense fallback={<Loading label={t("loading")} />}>
          <div className="columns">
            <Chart
              title={t("bucket.sizeByDay")}
              timesMs={timesMs}
              topMin={1000}
              format={formatBytes}
              series={[{ label: t("buckets.size"), values: days.map(({ bytes }) => bytes) }]}
            />
            <Chart
              title={t("bucket.countByDay")}
              timesMs={timesMs}
              topMin={10}
              format={formatNumber}
              series={[
                { label: t("buckets.objects"), values: days.map(({ objects }) => objects) },
                { label: t("bucket.versions"), values: days.map(({ versions }) => versions) },
              ]}
            />
          </div>
        </Suspense>
      )}
    </Section>
  );
}
