import { pythonEnvironment, withTls } from "./boto3.ts";
import type { Client } from "./client.ts";
import { command } from "./command.ts";
import { buildGo, goJobs, sourceFolder } from "./install-source.ts";
import { runProgram } from "./program.ts";

/** The SDK for Go v2 with both its transfer managers; the jobs are test/clients/go. */
export function goSdkClient(): Client {
  return goClient("sdk-go", "sdk", "github.com/aws/aws-sdk-go-v2/service/s3");
}

/** minio-go as a library: what mc does not use of it. */
export function minioGoClient(): Client {
  return goClient("minio-go", "minio", "github.com/minio/minio-go/v7");
}

function goClient(name: string, group: string, module: string): Client {
  return {
    name,
    required: false,
    async prepare() {
      const built = await buildGo();
      if (!built.ok) return { ready: false, why: built.why };
      const listed = await command(["go", "list", "-m", module], { cwd: sourceFolder("go") });
      return { ready: true, version: listed.stdout.toString().trim() };
    },
    run: (stage, report) =>
      withTls(stage, (tls) => runProgram([goJobs(), group], { ...pythonEnvironment(stage), ...tls }, report)),
  };
}
