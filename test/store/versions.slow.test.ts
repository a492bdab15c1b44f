import { describeVersionRules } from "./versions.suite.ts";

describeVersionRules({ countsRows: true });
