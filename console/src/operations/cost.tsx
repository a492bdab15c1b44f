import { useQuery } from "@tanstack/react-query";
import { useClient } from "../session/session.ts";
import { formatNumber } from "../text/format.ts";
import { useText } from "../text/text.ts";

/** Members of `GET /-/usage` that are shown here. */
interface WholeUsage {
  total: { monthlyDollars: { drives: number; metadata: number; total: number } | null };
}

/** What is stored costs by the month, at list prices. Nothing is shown before the drives have been counted, or if that may not be read. */
export function Cost() {
  const t = useText();
  const client = useClient();
  const { data } = useQuery({
    queryKey: ["usage", "cost"],
    queryFn: () => client.own<WholeUsage>({ path: "/-/usage", query: { days: "1", limit: "1" } }),
  });
  const cost = data?.total.monthlyDollars ?? null;
  if (cost === null) return null;
  const dollars = (value: number) =>
    formatNumber(value, { style: "currency", currency: "USD", maximumFractionDigits: 4 });
  return (
    <>
      <dt>{t("operations.cost")}</dt>
      <dd>
        {t("operations.costValue", {
          total: dollars(cost.total),
          drives: dollars(cost.drives),
          metadata: dollars(cost.metadata),
        })}
      </dd>
    </>
  );
}
