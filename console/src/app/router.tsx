import {
  createHashHistory,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from "@tanstack/react-router";
import { text } from "../text/text.ts";
import { Loading } from "../ui/notice.tsx";
import { searchText } from "./address.ts";
import { FaultPage } from "./error-boundary.tsx";
import { Layout } from "./layout.tsx";
import { NotFoundPage } from "./not-found-page.tsx";
import { PAGES, type Search } from "./pages.ts";

const root = createRootRoute({ component: Layout, notFoundComponent: NotFoundPage });

const routes = PAGES.map(({ path, load }) =>
  createRoute({
    getParentRoute: () => root,
    path,
    component: lazyRouteComponent(load),
    validateSearch: (search): Search => search as Search,
  }),
);

/**
 * Addresses are behind the `#`, so names of buckets and keys reach no log on the way, and one file serves every page. Keys are in the
 * query, because browsers would resolve `..` in a path.
 */
export const router = createRouter({
  routeTree: root.addChildren(routes),
  history: createHashHistory(),
  defaultPreload: "intent",
  defaultErrorComponent: ({ error }) => <FaultPage error={error} />,
  defaultPendingComponent: () => <Loading label={text("loading")} />,
  parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
  stringifySearch: searchText,
});
