import { element, escapeText, Xml, xmlTime } from "../../../protocols/rest-xml/write.ts";
import type { ListEntry } from "../../../store/read/list.ts";
import type { ChecksumAlgorithm, ChecksumType } from "../../../store/types.ts";
import { checksumTypeName } from "../body/checksums.ts";
import { ownerElements } from "./owner.ts";
import type { NameEncoding } from "./parameters.ts";

/**
 * `<Contents>` for each object, then `<CommonPrefixes>` for each rolled-up prefix, in the form of
 * both versions of ListObjects.
 */
export function contentsElements(entries: readonly ListEntry[], encoding: NameEncoding, withOwner: boolean): Xml[] {
  const ownerOf = ownersOf(withOwner);
  const contents: Xml[] = [];
  const prefixes: Xml[] = [];
  for (const entry of entries) {
    if (entry.kind === "prefix") prefixes.push(commonPrefixes(entry.prefix, encoding));
    else contents.push(contentsElement(entry, encoding, ownerOf(entry.owner)));
  }
  return [...contents, ...prefixes];
}

/** Writes the `<Owner>` of entries; most have the same. */
export function ownersOf(withOwner: boolean): (owner: string) => Xml | undefined {
  const written = new Map<string, Xml>();
  return (owner) => {
    if (!withOwner) return undefined;
    const known = written.get(owner) ?? element("Owner", ...ownerElements(owner));
    written.set(owner, known);
    return known;
  };
}

export function commonPrefixes(prefix: string, encoding: NameEncoding): Xml {
  return element("CommonPrefixes", element("Prefix", encoding.encode(prefix)));
}

type ListedObject = Extract<ListEntry, { kind: "object" }>;

/** One text, without an `Xml` for each element: a page has a thousand of them. */
function contentsElement(object: ListedObject, encoding: NameEncoding, owner: Xml | undefined): Xml {
  const { key, modifiedMs, etag, checksum, sizeBytes, storageClass } = object;
  return new Xml(
    `<Contents><Key>${escapeText(encoding.encode(key))}</Key><LastModified>${xmlTime(modifiedMs)}</LastModified>` +
      `<ETag>&quot;${escapeText(etag)}&quot;</ETag>${checksum ? checksumText(checksum) : ""}<Size>${sizeBytes}</Size>` +
      `${owner?.text ?? ""}<StorageClass>${escapeText(storageClass)}</StorageClass></Contents>`,
  );
}

const checksumTexts = new Map<string, string>();

/** There are few of them. */
function checksumText({ algorithm, type }: { algorithm: ChecksumAlgorithm; type: ChecksumType }): string {
  const name = `${algorithm} ${type}`;
  const known =
    checksumTexts.get(name) ??
    checksumListing({ algorithm, type })
      .map(({ text }) => text)
      .join("");
  checksumTexts.set(name, known);
  return known;
}

/** Checksum elements in listings: algorithm and type, without the value. */
export function checksumListing(checksum: { algorithm: ChecksumAlgorithm; type: ChecksumType } | undefined): Xml[] {
  if (checksum === undefined) return [];
  return [
    element("ChecksumAlgorithm", checksum.algorithm.toUpperCase()),
    element("ChecksumType", checksumTypeName(checksum.type)),
  ];
}
