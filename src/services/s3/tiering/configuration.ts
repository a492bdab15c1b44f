import { child, childrenOf, childText, type XmlElement } from "../../../protocols/rest-xml/read.ts";
import { element, optional, type Xml } from "../../../protocols/rest-xml/write.ts";
import type { StoreSettings } from "../../../store/settings.ts";
import {
  ACCESS_TIERS,
  type AccessTier,
  classesOfTier,
  classOfTier,
  type TieringConfiguration,
} from "../../../store/tiers/access-tiers.ts";
import { S3Error } from "../errors/error.ts";
import { invalidArgument } from "../listing/parameters.ts";
import {
  checkPrefix,
  type NamedDocument,
  namedOperations,
  parseConfigurationId,
} from "../named/named-configuration.ts";
import { OBJECT_TAGS, parseTagList } from "../tagging/tags.ts";

/** AWS's limits of the days without access. */
const DAYS_MIN: Readonly<Record<AccessTier, number>> = { ARCHIVE_ACCESS: 90, DEEP_ARCHIVE_ACCESS: 180 };
const DAYS_MAX = 730;

const tag = { Key: "text", Value: "text" } as const;

const tieringDocument: NamedDocument<TieringConfiguration> = {
  kind: "intelligent-tiering",
  root: "IntelligentTieringConfiguration",
  listRoot: "ListBucketIntelligentTieringConfigurationsOutput",
  scope: "ListIntelligentTiering",
  shape: {
    Id: "text",
    Status: "text",
    Filter: { Prefix: "text", Tag: tag, And: { Prefix: "text", Tag: tag } },
    Tiering: { AccessTier: "text", Days: "text" },
  },
  parse: (root, { store }) => parseTieringConfiguration(root, store.settings),
  write: writeTieringConfiguration,
};

/**
 * Put, Get, List and DeleteBucketIntelligentTieringConfiguration. Put refuses a tier without a
 * configured storage class, because its objects would have no place.
 */
export const tieringOperations = namedOperations(tieringDocument);

/**
 * Reads an IntelligentTieringConfiguration. Throws MalformedXML if an element is missing or has an
 * unknown value. Throws InvalidArgument for days out of bounds, a repeated tier, and one without a
 * class here.
 */
function parseTieringConfiguration(
  root: XmlElement,
  settings: Pick<StoreSettings, "storageClasses">,
): TieringConfiguration {
  const id = parseConfigurationId(root);
  const status = childText(root, "Status")?.trim();
  const written = childrenOf(root, "Tiering");
  if ((status !== "Enabled" && status !== "Disabled") || written.length === 0) throw new S3Error("MalformedXML");
  const filter = child(root, "Filter");
  const tierings = written.map((one) => parseTiering(one, settings));
  const [archive, deep] = ACCESS_TIERS.map((tier) => tierings.filter((one) => one.tier === tier));
  if ((archive?.length ?? 0) > 1 || (deep?.length ?? 0) > 1) {
    throw new S3Error("InvalidArgument", "An access tier can be specified only once");
  }
  if (archive?.[0] && deep?.[0] && deep[0].days <= archive[0].days) {
    throw invalidArgument("Days", String(deep[0].days), "DEEP_ARCHIVE_ACCESS must come after ARCHIVE_ACCESS");
  }
  return { id, isEnabled: status === "Enabled", filter: filter ? parseFilter(filter) : null, tierings };
}

function parseTiering(written: XmlElement, settings: Pick<StoreSettings, "storageClasses">) {
  const name = childText(written, "AccessTier")?.trim();
  const text = childText(written, "Days")?.trim() ?? "";
  const tier = ACCESS_TIERS.find((one) => one === name);
  if (!tier || !/^-?\d{1,10}$/.test(text)) throw new S3Error("MalformedXML");
  const days = Number(text);
  if (days < DAYS_MIN[tier] || days > DAYS_MAX) {
    throw invalidArgument("Days", text, `'Days' for ${tier} must be between ${DAYS_MIN[tier]} and ${DAYS_MAX}`);
  }
  if (classOfTier(settings, tier) === null) {
    const classes = classesOfTier(tier);
    throw invalidArgument(
      "AccessTier",
      tier,
      `There is no such tier here: SHERD_STORAGE_CLASSES does not name ${classes}`,
    );
  }
  return { tier, days };
}

function parseFilter(written: XmlElement): NonNullable<TieringConfiguration["filter"]> {
  const and = child(written, "And");
  const ways = [and, child(written, "Prefix"), child(written, "Tag")].filter((one) => one !== undefined);
  if (ways.length > 1) throw new S3Error("MalformedXML");
  const from = and ?? written;
  const prefix = childText(from, "Prefix") ?? null;
  const tags = parseTagList(from, OBJECT_TAGS);
  if (and && (prefix === null ? 0 : 1) + tags.length < 2) throw new S3Error("MalformedXML");
  checkPrefix(prefix ?? "");
  return { prefix, tags, isAnd: and !== undefined };
}

function writeTieringConfiguration({ id, isEnabled, filter, tierings }: TieringConfiguration): Xml[] {
  return [
    element("Id", id),
    ...(filter ? [element("Filter", filter.isAnd ? element("And", writeFilter(filter)) : writeFilter(filter))] : []),
    element("Status", isEnabled ? "Enabled" : "Disabled"),
    ...tierings.map(({ tier, days }) => element("Tiering", element("AccessTier", tier), element("Days", days))),
  ];
}

function writeFilter({ prefix, tags }: NonNullable<TieringConfiguration["filter"]>): Xml[] {
  const written = tags.map(([key, value]) => element("Tag", element("Key", key), element("Value", value)));
  return [optional("Prefix", prefix ?? undefined), ...written];
}
