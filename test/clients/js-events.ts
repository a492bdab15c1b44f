import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withTls } from "./boto3.ts";
import type { Client } from "./client.ts";
import { attempt, cleanEnvironment } from "./command.ts";
import { installedFolder } from "./install.ts";
import { sourceFolder } from "./install-source.ts";
import { runProgram } from "./program.ts";
import { projectFolder } from "./server.ts";

const PACKAGES = [
  "@aws-sdk/client-sqs@3.1175.0",
  "@aws-sdk/client-sns@3.1169.0",
  "sqs-consumer@15.0.3",
  "sns-validator@0.3.5",
];

/** SQS and SNS by the SDK for JavaScript, sqs-consumer and sns-validator; the jobs are js-events/main.mjs. */
export function jsEventsClient(): Client {
  const folder = installedFolder("js-events");
  const stamp = join(folder, `${PACKAGES.join("+").replaceAll("/", "_")}.installed`);
  const version = PACKAGES.map((name) => name.replace(/(.)@/, "$1 ")).join(", ");
  return {
    name: "js-events",
    required: true,
    async prepare() {
      if (existsSync(stamp)) return { ready: true, version };
      await mkdir(folder, { recursive: true });
      const install = ["npm", "install", "--prefix", folder, "--no-save", "--no-audit", "--no-fund", ...PACKAGES];
      const installed = await attempt(install, { cwd: folder, timeoutMs: 300_000 });
      if (installed.code !== 0) return { ready: false, why: installed.stderr.slice(-300) };
      await writeFile(stamp, "");
      return { ready: true, version };
    },
    run(stage, report) {
      const node = join(projectFolder, "node_modules", ".bin", "node");
      const env = { ...cleanEnvironment(stage), CLIENTS_ENDPOINT: stage.endpoint, CLIENTS_PACKAGES: folder };
      return withTls(stage, ({ CLIENTS_TLS_CERTIFICATE: trusted, ...tls }) =>
        runProgram(
          [node, join(sourceFolder("js-events"), "main.mjs")],
          { ...env, ...tls, ...(trusted === undefined ? {} : { NODE_EXTRA_CA_CERTS: trusted }) },
          report,
        ),
      );
    },
  };
}
