import type { ComponentType } from "react";
import type { TextKey } from "../text/text.ts";
import type { IconName } from "../ui/icon.tsx";

/** What is in an address behind the path: `#/objects?bucket=b&prefix=p`. */
export type Search = Readonly<Record<string, string | undefined>>;

interface AnyPage {
  /** `/objects`. */
  path: `/${string}`;
  title: TextKey;
  /** Fetched when the page is first opened. */
  load: () => Promise<{ default: ComponentType }>;
}

/** A page of the navigation, or one that is reached from such a page. */
export type PageRow = AnyPage & ({ navigation: { icon: IconName } } | { navigation?: never; within: `/${string}` });

/** The console's pages. A new one is a folder and a row. */
export const PAGES: readonly PageRow[] = [
  {
    path: "/",
    title: "buckets.title",
    navigation: { icon: "bucket" },
    load: () => import("../buckets/buckets-page.tsx"),
  },
  { path: "/objects", within: "/", title: "objects.title", load: () => import("../objects/objects-page.tsx") },
  { path: "/bucket", within: "/", title: "bucket.settings", load: () => import("../buckets/bucket-page.tsx") },
  {
    path: "/access",
    title: "access.title",
    navigation: { icon: "people" },
    load: () => import("../access/access-page.tsx"),
  },
  {
    path: "/access/principal",
    within: "/access",
    title: "access.title",
    load: () => import("../access/principal-page.tsx"),
  },
  {
    path: "/access/policy",
    within: "/access",
    title: "access.policy",
    load: () => import("../access/policy-page.tsx"),
  },
  {
    path: "/queues",
    title: "queues.title",
    navigation: { icon: "queue" },
    load: () => import("../queues/queues-page.tsx"),
  },
  { path: "/queue", within: "/queues", title: "queues.queue", load: () => import("../queues/queue-page.tsx") },
  {
    path: "/topics",
    title: "topics.title",
    navigation: { icon: "bell" },
    load: () => import("../topics/topics-page.tsx"),
  },
  { path: "/topic", within: "/topics", title: "topics.topic", load: () => import("../topics/topic-page.tsx") },
  {
    path: "/sql",
    title: "sql.title",
    navigation: { icon: "table" },
    load: () => import("../query/sql-page.tsx"),
  },
  {
    path: "/operations",
    title: "operations.title",
    navigation: { icon: "gauge" },
    load: () => import("../operations/operations-page.tsx"),
  },
];

/** The page of the navigation that a path belongs to, or undefined. */
export function navigationOf(path: string): PageRow | undefined {
  const page = PAGES.find((row) => row.path === path);
  return page === undefined || page.navigation ? page : PAGES.find((row) => row.path === page.within);
}
