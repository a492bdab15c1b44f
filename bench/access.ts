import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { measureEvaluator } from "./access/evaluate.ts";
import { measureRequests } from "./access/http.ts";
import { evaluatorTable, requestTable } from "./access/report.ts";
import { formatMarkdown, formatTable } from "./support/table.ts";
import { writeRows } from "./support/write-rows.ts";

const usage = `Usage: npm run bench:access -- [options]

How long a decision takes when an account has many users with many policies and the bucket a policy of 20 KB, and how
long a GET or HEAD of 4 KiB by one of the users, beside the root key, against a server as npm start starts it.

  --users N       users of the account (default 1000)
  --policies N    policies of each (default 10)
  --decisions N   decisions to be timed (default 100000)
  --requests N    requests of each kind to be timed (default 4000); 0: none
  --json FILE     writes the rows
  --markdown      prints the tables for a document`;

const { values: options } = parseArgs({
  options: {
    users: { type: "string", default: "1000" },
    policies: { type: "string", default: "10" },
    decisions: { type: "string", default: "100000" },
    requests: { type: "string", default: "4000" },
    json: { type: "string" },
    markdown: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

function count(name: "users" | "policies" | "decisions" | "requests", min: number, max: number): number {
  const number = Number(options[name]);
  if (!Number.isInteger(number) || number < min || number > max) throw new Error(`--${name}: ${min} to ${max}`);
  return number;
}

/** The parts of the benchmark; each returns its rows and prints its table. */
async function main(): Promise<void> {
  const format = options.markdown ? formatMarkdown : formatTable;
  console.log(`${cpus()[0]?.model}, ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}\n`);
  const evaluator = measureEvaluator({
    users: count("users", 1, 10_000),
    policiesEach: count("policies", 2, 20),
    decisions: count("decisions", 100, 10_000_000),
  });
  console.log(evaluatorTable(evaluator, format));
  const requests = count("requests", 0, 1_000_000);
  const measured =
    requests === 0
      ? []
      : await measureRequests({ users: evaluator[0]?.users ?? 1, policiesEach: count("policies", 2, 14), requests });
  if (measured.length > 0) console.log(`\n${requestTable(measured, format)}`);
  const rows: Record<string, string | number | null>[] = [...evaluator, ...measured].map((row) => ({ ...row }));
  if (options.json) await writeRows(options.json, rows);
}

if (options.help) console.log(usage);
else await main();
