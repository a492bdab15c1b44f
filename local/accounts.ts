import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { StartError } from "./start-error.ts";
import { runTool } from "./tool-options.ts";

const usage = `Usage: npm run accounts -- COMMAND [options]

Manages the accounts of a server that runs.

  create --name NAME --email ADDRESS   makes an account and prints its root key, once
  list                                 lists all accounts
  close ID                             none of the account's keys is accepted any more
  reopen ID                            they are accepted again
  rekey ID                             gives the account's root another key, and takes the old one away
  reseal                               seals all secrets again, after SHERD_SECRET_ACCESS_KEY has been replaced

  --endpoint URL   the server (default http://127.0.0.1:9000)
  --data DIR       data folder whose credentials.json has the key (default ./sherd-data), unless
                   AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are set
  --json           prints the server's answers as they are
  --help           this text

docs/access.md explains accounts.`;

interface Options {
  endpoint: string;
  authorization: string;
  isJson: boolean;
}

interface Account {
  accountId: string;
  name: string;
  email: string | null;
  state: string;
}

await runTool(async () => {
  const { positionals, values } = parse(process.argv.slice(2));
  const [command = "", accountId = "", ...rest] = positionals;
  if (values.help || command === "") {
    console.log(usage);
    return values.help ? 0 : 1;
  }
  if (rest.length > 0) throw new StartError(`what is ${rest[0]}? (--help lists the commands)`);
  const endpoint = values.endpoint ?? "http://127.0.0.1:9000";
  if (!URL.canParse(endpoint)) throw new StartError("--endpoint is not a URL");
  const authorization = await readAuthorization(values.data ?? "sherd-data", process.env);
  const options: Options = { endpoint, authorization, isJson: values.json ?? false };
  const { name, email } = values;
  switch (command) {
    case "create":
      if (name === undefined || email === undefined) throw new StartError("create needs --name and --email");
      show(options, await ask(options, "POST", "accounts", { name, email }));
      return 0;
    case "list":
      return list(options);
    case "close":
    case "reopen":
    case "rekey":
      if (accountId === "") throw new StartError(`${command} needs the id of an account`);
      show(options, await ask(options, "POST", `accounts/${command}`, { accountId }));
      return 0;
    case "reseal":
      return reseal(options);
    default:
      throw new StartError(`there is no command ${command} (--help lists them)`);
  }
});

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      strict: true,
      allowPositionals: true,
      options: {
        name: { type: "string" },
        email: { type: "string" },
        endpoint: { type: "string" },
        data: { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    const [first = ""] = String(error instanceof Error ? error.message : error).split(/\. |\n/);
    throw new StartError(`${first.replace(/\.$/, "")} (--help lists the options)`);
  }
}

async function readAuthorization(dataDir: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const id = environment.SHERD_ACCESS_KEY_ID ?? environment.AWS_ACCESS_KEY_ID;
  const secret = environment.SHERD_SECRET_ACCESS_KEY ?? environment.AWS_SECRET_ACCESS_KEY;
  if (id && secret) return basic(id, secret);
  const path = join(dataDir, "credentials.json");
  try {
    const { accessKeyId, secretAccessKey } = JSON.parse(await readFile(path, "utf8"));
    return basic(accessKeyId, secretAccessKey);
  } catch {
    // The file cannot be used, whatever the reason: the key must come from elsewhere.
    throw new StartError(
      `no key: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the --data folder (${path})`,
    );
  }
}

function basic(id: string, secret: string): string {
  return `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
}

async function ask(
  { endpoint, authorization }: Options,
  method: "GET" | "POST",
  page: string,
  body?: object,
): Promise<Record<string, unknown>> {
  const headers = { authorization, "x-sherd-confirm": page };
  const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
  const response = await fetch(new URL(`/-/${page}`, endpoint), init).catch((error: Error) => {
    throw new StartError(`${endpoint} does not answer: ${error.cause instanceof Error ? error.cause.message : error}`);
  });
  const text = await response.text();
  if (!response.ok) throw new StartError(`the server answers ${response.status}: ${text.slice(0, 500).trim()}`);
  return JSON.parse(text);
}

function show({ isJson }: Options, answer: Record<string, unknown>): void {
  if (isJson) console.log(JSON.stringify(answer));
  else for (const [name, value] of Object.entries(answer)) console.log(`${name}: ${value}`);
}

async function list(options: Options): Promise<number> {
  for (let after: string | null = ""; after !== null; ) {
    const page = await ask(options, "GET", `accounts?after=${after}`);
    for (const account of page.accounts as Account[]) {
      const { accountId, name, email, state } = account;
      console.log(options.isJson ? JSON.stringify(account) : `${accountId} ${state} ${name} ${email ?? ""}`.trimEnd());
    }
    after = page.next as string | null;
  }
  return 0;
}

/** Returns the exit code: 1 if there are secrets that no configured root secret opens. */
async function reseal(options: Options): Promise<number> {
  const totals = { resealed: 0, unreadable: 0 };
  for (let from: string | null = ""; from !== null; ) {
    const page = await ask(options, "POST", `reseal?from=${from}`);
    totals.resealed += Number(page.resealed);
    totals.unreadable += Number(page.unreadable);
    from = page.next as string | null;
  }
  show(options, totals);
  return totals.unreadable === 0 ? 0 : 1;
}
