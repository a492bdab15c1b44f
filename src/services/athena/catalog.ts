import { isTableName, TABLES, type TableName } from "../../metadata/query/catalog.ts";
import { integer, required, text } from "../../protocols/aws-json/fields.ts";
import { isOperator } from "../../query/sight.ts";
import {
  type AthenaCall,
  CATALOGS,
  DATABASE,
  metadataException,
  operation,
  requireNames,
  WORK_GROUP,
} from "./operation.ts";

/*
 * What there is to ask: one catalog with one database, whose tables are those of `src/metadata/query/catalog.ts`. All lists are shorter than a page.
 */

const page = { MaxResults: integer({ min: 1, max: 1000 }), NextToken: text({ min: 1, max: 1024 }) };
const name = text({ min: 1, max: 256 });

const engine = { SelectedEngineVersion: "AUTO", EffectiveEngineVersion: "Athena engine version 3" };

export const listWorkGroups = operation({
  fields: page,
  of: "all",
  run: async () => ({ WorkGroups: [{ Name: WORK_GROUP, State: "ENABLED", EngineVersion: engine }] }),
});

export const getWorkGroup = operation({
  fields: { WorkGroup: required(name) },
  of: "workgroup",
  run: async (_, { WorkGroup }) => {
    requireNames({ workGroup: WorkGroup });
    const Configuration = { ResultConfiguration: {}, EnforceWorkGroupConfiguration: false, EngineVersion: engine };
    return { WorkGroup: { Name: WORK_GROUP, State: "ENABLED", Configuration } };
  },
});

export const listDataCatalogs = operation({
  fields: { ...page, WorkGroup: name },
  of: "all",
  run: async () => ({ DataCatalogsSummary: CATALOGS.map((CatalogName) => ({ CatalogName, Type: "GLUE" })) }),
});

export const getDataCatalog = operation({
  fields: { Name: required(name), WorkGroup: name },
  of: "datacatalog",
  run: async (_, { Name }) => {
    requireNames({ catalog: Name });
    return { DataCatalog: { Name, Type: "GLUE", Description: "The metadata of this store" } };
  },
});

const database = { Name: DATABASE, Description: "Objects of the buckets that the caller may list" };

export const listDatabases = operation({
  fields: { ...page, CatalogName: required(name), WorkGroup: name },
  of: "datacatalog",
  run: async (_, { CatalogName }) => {
    requireNames({ catalog: CatalogName });
    return { DatabaseList: [database] };
  },
});

export const getDatabase = operation({
  fields: { CatalogName: required(name), DatabaseName: required(name), WorkGroup: name },
  of: "datacatalog",
  run: async (_, { CatalogName, DatabaseName }) => {
    requireNames({ catalog: CatalogName, database: DatabaseName });
    return { Database: database };
  },
});

export const listTableMetadata = operation({
  fields: { ...page, CatalogName: required(name), DatabaseName: required(name), Expression: name, WorkGroup: name },
  of: "datacatalog",
  run: async (call, { CatalogName, DatabaseName, Expression }) => {
    requireNames({ catalog: CatalogName, database: DatabaseName });
    const names = (Object.keys(TABLES) as TableName[]).filter(
      (table) => isShown(call, table) && matches(table, Expression),
    );
    return { TableMetadataList: names.map(described) };
  },
});

export const getTableMetadata = operation({
  fields: { CatalogName: required(name), DatabaseName: required(name), TableName: required(name), WorkGroup: name },
  of: "datacatalog",
  run: async (call, { CatalogName, DatabaseName, TableName: asked }) => {
    requireNames({ catalog: CatalogName, database: DatabaseName });
    const table = asked.toLowerCase();
    if (!isTableName(table) || !isShown(call, table)) throw metadataException(`Table ${asked} not found.`);
    return { TableMetadata: described(table) };
  },
});

function isShown({ exchange }: AthenaCall, table: TableName): boolean {
  return !TABLES[table].isOperators || isOperator(exchange.caller);
}

/** A regular expression in Athena; here `*` alone, so that none takes long. */
function matches(table: string, expression = "*"): boolean {
  const [begin = "", ...rest] = expression.toLowerCase().replaceAll(".*", "*").split("*");
  if (rest.length === 0) return table === begin;
  const end = rest.at(-1) ?? "";
  return table.startsWith(begin) && table.endsWith(end) && rest.slice(0, -1).every((part) => table.includes(part));
}

function described(table: TableName) {
  const { columns } = TABLES[table];
  return {
    Name: table,
    TableType: "EXTERNAL_TABLE",
    Columns: columns.map(({ name: Name, type: Type, comment }) => ({
      Name,
      Type,
      ...(comment !== "" && { Comment: comment }),
    })),
    PartitionKeys: [],
    Parameters: { comment: TABLES[table].comment },
  };
}
