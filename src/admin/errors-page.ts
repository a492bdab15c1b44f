import type { RecentError } from "../edge/recent-errors.ts";
import type { StoreContext } from "../store/context.ts";
import type { Observed } from "./isolate-metrics.ts";
import { jsonPage } from "./json-page.ts";
import type { OwnPage } from "./serve-page.ts";

/** `GET /-/errors`: the last requests that failed or were refused, the newest first; under `npm start` those of all processes. */
export function errorsPage(store: StoreContext, observed: Observed): OwnPage {
  return {
    method: "GET",
    action: "sherd:GetErrors",
    async render() {
      const errors = ((await store.host?.errors()) as RecentError[] | null | undefined) ?? observed.errors?.() ?? [];
      const shown = errors.map(({ atMs, ...error }) => ({ at: new Date(atMs).toISOString(), ...error }));
      return jsonPage({ errors: shown });
    },
  };
}
