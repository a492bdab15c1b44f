import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pythonEnvironment } from "./boto3.ts";
import type { Client } from "./client.ts";
import { buildJava, javaClassPath, sourceFolder } from "./install-source.ts";
import { runProgram } from "./program.ts";

/** The SDK for Java v2: its sync, async and CRT clients and the transfer manager; the jobs are test/clients/java. */
export function javaSdkClient(): Client {
  return javaClient("sdk-java", "sdk", "bom");
}

export function minioJavaClient(): Client {
  return javaClient("minio-java", "minio", "minio");
}

function javaClient(name: string, group: string, artifact: string): Client {
  return {
    name,
    required: false,
    async prepare() {
      const built = await buildJava();
      if (!built.ok) return { ready: false, why: built.why };
      return { ready: true, version: await versionIn(artifact) };
    },
    run: (stage, report) =>
      runProgram(["java", "-cp", javaClassPath(), "Clients", group], pythonEnvironment(stage), report),
  };
}

/** The version that the pom.xml pins. */
async function versionIn(artifact: string): Promise<string> {
  const pom = await readFile(join(sourceFolder("java"), "pom.xml"), "utf8");
  return new RegExp(`<artifactId>${artifact}</artifactId>\\s*<version>([^<]+)`).exec(pom)?.[1] ?? "";
}
