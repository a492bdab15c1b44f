import { comparesWithSqlite } from "./oracle.suite.ts";

comparesWithSqlite(4_000);
