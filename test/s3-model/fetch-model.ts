import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import type { ServiceModel } from "./model.ts";

const run = promisify(execFile);
const MODEL = "botocore/data/s3/2006-03-01/service-2.json.gz";

/** The S3 model of the newest botocore, or of the version given, as pip gets it. Needs Python 3 with pip. */
export async function fetchModel(version?: string): Promise<{ version: string; model: ServiceModel }> {
  const folder = await mkdtemp(join(tmpdir(), "sherd-model-"));
  try {
    const wanted = version === undefined ? "botocore" : `botocore==${version}`;
    await run("python3", ["-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, wanted]);
    const wheel = (await readdir(folder)).find((name) => name.endsWith(".whl")) ?? "";
    await run("python3", ["-m", "zipfile", "-e", join(folder, wheel), folder]);
    const model = JSON.parse(gunzipSync(await readFile(join(folder, MODEL))).toString("utf8")) as ServiceModel;
    return { version: wheel.split("-")[1] ?? "", model };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
