import { WhoCan } from "../access/who-can.tsx";
import { hrefOf, useGo, usePageSearch } from "../app/address.ts";
import { useText } from "../text/text.ts";
import { Tabs } from "../ui/tabs.tsx";
import { Acl, Ownership } from "./settings/acl.tsx";
import { CorsSection, LifecycleSection, NotificationsSection, WebsiteSection } from "./settings/documents.tsx";
import { EncryptionSection } from "./settings/encryption.tsx";
import { InventorySection } from "./settings/inventories.tsx";
import { Lock } from "./settings/lock.tsx";
import { LoggingSection } from "./settings/logging.tsx";
import { Overview } from "./settings/overview.tsx";
import { PolicySection } from "./settings/policy.tsx";
import { PublicAccess } from "./settings/public-access.tsx";
import { Tags } from "./settings/tags.tsx";
import { TieringSection } from "./settings/tierings.tsx";
import { Versioning } from "./settings/versioning.tsx";

/** What a bucket holds, and everything that can be set for it. Each part is read when its tab is opened. */
export default function BucketPage() {
  const t = useText();
  const go = useGo();
  const { bucket = "", tab = "overview" } = usePageSearch();
  return (
    <div className="page">
      <header className="page-header">
        <h1>
          {t("bucket.title")} <bdi>{bucket}</bdi>
        </h1>
        <a href={hrefOf("/objects", { bucket })}>{t("bucket.toObjects")}</a>
      </header>
      <Tabs
        label={t("bucket.settings")}
        selected={tab}
        onSelect={(next) => go("/bucket", { bucket, tab: next }, { replace: true })}
        tabs={[
          { id: "overview", label: t("bucket.tab.overview"), content: () => <Overview bucket={bucket} /> },
          {
            id: "permissions",
            label: t("bucket.tab.permissions"),
            content: () => (
              <>
                <PublicAccess bucket={bucket} />
                <PolicySection bucket={bucket} />
                <WhoCan bucket={bucket} />
                <Ownership bucket={bucket} />
                <Acl bucket={bucket} />
              </>
            ),
          },
          {
            id: "protection",
            label: t("bucket.tab.protection"),
            content: () => (
              <>
                <Versioning bucket={bucket} />
                <Lock bucket={bucket} />
                <EncryptionSection bucket={bucket} />
              </>
            ),
          },
          {
            id: "lifecycle",
            label: t("bucket.tab.lifecycle"),
            content: () => (
              <>
                <LifecycleSection bucket={bucket} />
                <TieringSection bucket={bucket} />
              </>
            ),
          },
          {
            id: "reports",
            label: t("bucket.tab.reports"),
            content: () => (
              <>
                <LoggingSection bucket={bucket} />
                <InventorySection bucket={bucket} />
              </>
            ),
          },
          { id: "events", label: t("bucket.tab.events"), content: () => <NotificationsSection bucket={bucket} /> },
          { id: "cors", label: t("bucket.tab.cors"), content: () => <CorsSection bucket={bucket} /> },
          { id: "website", label: t("bucket.tab.website"), content: () => <WebsiteSection bucket={bucket} /> },
          { id: "tags", label: t("bucket.tab.tags"), content: () => <Tags bucket={bucket} /> },
        ]}
      />
    </div>
  );
}
