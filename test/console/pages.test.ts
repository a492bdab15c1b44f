import { expect, test } from "vitest";
import { navigationOf, PAGES } from "../../console/src/app/pages.ts";

test("each page belongs to a page of the navigation", () => {
  for (const { path } of PAGES) expect([path, navigationOf(path)?.navigation]).toEqual([path, expect.anything()]);
  const of = (path: string) => navigationOf(path)?.path;
  expect([of("/queue"), of("/queues"), of("/objects"), of("/access/policy")]).toEqual([
    "/queues",
    "/queues",
    "/",
    "/access",
  ]);
  expect(of("/none")).toBeUndefined();
});
