import { comparesWithSqlite } from "./oracle.suite.ts";

comparesWithSqlite(60);
