import { hrefOf } from "../app/address.ts";
import { breadcrumbs, visibleKey } from "../aws/keys.ts";
import { useText } from "../text/text.ts";

/** The way from the buckets to the prefix; its last step is the page's heading. */
export function Breadcrumbs({ bucket, prefix }: { bucket: string; prefix: string }) {
  const t = useText();
  const crumbs = [{ name: bucket, prefix: "" }, ...breadcrumbs(prefix)];
  return (
    <nav aria-label={t("objects.path")} className="breadcrumbs">
      <ol>
        <li>
          <a href="#/">{t("buckets.title")}</a>
        </li>
        {crumbs.map((crumb, index) => (
          <li key={crumb.prefix}>
            {index === crumbs.length - 1 ? (
              <h1>
                <bdi>{visibleKey(crumb.name)}</bdi>
              </h1>
            ) : (
              <a href={hrefOf("/objects", { bucket, prefix: crumb.prefix || undefined })}>
                <bdi>{visibleKey(crumb.name)}</bdi>
              </a>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}
