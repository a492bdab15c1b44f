import { useNavigate, useSearch } from "@tanstack/react-router";
import type { Search } from "./pages.ts";

/** What the address of this page says. */
export function usePageSearch(): Search {
  return useSearch({ strict: false }) as Search;
}

/** Goes to a page. `replace` leaves no step in the history. */
export function useGo(): (path: string, search?: Search, options?: { replace?: boolean }) => void {
  const navigate = useNavigate();
  return (path, search = {}, { replace = false } = {}) => {
    void navigate({ to: path, search: search as never, replace });
  };
}

/** An address for a link. */
export function hrefOf(path: string, search: Search = {}): string {
  return `#${path}${searchText(search)}`;
}

/** What stands in an address behind the path, with its `?`. */
export function searchText(search: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(search).filter((pair): pair is [string, string] => typeof pair[1] === "string");
  const query = new URLSearchParams(pairs).toString();
  return query === "" ? "" : `?${query}`;
}
