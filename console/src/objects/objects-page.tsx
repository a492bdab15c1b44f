import { usePageSearch } from "../app/address.ts";

export default function ObjectsPage() {
  const { bucket = "" } = usePageSearch();
  return <h1>{bucket}</h1>;
}
