import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { attempt } from "./command.ts";
import { type Installed, installedFolder } from "./install.ts";
import { projectFolder } from "./server.ts";

const BUILD_MS = 600_000;

/** Where the sources of a language's jobs lie. */
export function sourceFolder(language: string): string {
  return join(projectFolder, "test", "clients", language);
}

/** The program that `buildGo` makes of a folder. */
export function goJobs(): string {
  return join(installedFolder("go-jobs"), "clients");
}

/** Builds test/clients/go, whose go.mod pins the clients, unless these sources are built already. */
export function buildGo(): Promise<Installed> {
  const env = { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-buildvcs=false" };
  return built("go", "go-jobs", (target) => [
    { argv: ["go", "build", "-o", join(target, "clients"), "."], env, missing: "no Go" },
  ]);
}

/** The class path of `buildJava`: its own classes and the jars that its pom.xml pins. */
export function javaClassPath(): string {
  const target = installedFolder("java-jobs");
  return [join(target, "classes"), join(target, "jars", "*")].join(":");
}

/** Compiles test/clients/java unless it is compiled already. Maven brings the jars, and nothing else of it is needed. */
export function buildJava(): Promise<Installed> {
  return built("java", "java-jobs", (target) => [
    { argv: ["javac", "-version"], missing: "no Java" },
    { argv: jarsLine(join(target, "jars")), missing: "no Maven" },
    { argv: ["javac", "-nowarn", "-d", join(target, "classes"), "-cp", join(target, "jars", "*"), "@sources"] },
  ]);
}

/** The line that puts the jars of the pom.xml where it runs, and all that they need, into a folder. */
function jarsLine(folder: string): string[] {
  const goal = "org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy-dependencies";
  return ["mvn", "--quiet", "--batch-mode", goal, `-DoutputDirectory=${folder}`];
}

/** The class path of `buildHadoop`: compiled tests, their resources, jars. */
export function hadoopClassPath(): string[] {
  const target = installedFolder("hadoop-jobs");
  return [join(target, "classes"), join(target, "sources"), join(target, "jars", "*")];
}

/** Compiles the contract tests of S3A from the jar of their sources, and of the other sources what they use. */
export function buildHadoop(): Promise<Installed> {
  return built("hadoop", "hadoop-jobs", (target) => [
    { argv: ["javac", "-version"], missing: "no Java" },
    { argv: jarsLine(join(target, "jars")), missing: "no Maven" },
    { argv: ["sh", "-c", EXTRACT_AND_COMPILE, "hadoop", target] },
  ]);
}

const EXTRACT_AND_COMPILE = `
mkdir "$1/sources" && cd "$1/sources" && jar xf "$1"/jars/hadoop-aws-*-test-sources.jar
ls org/apache/hadoop/fs/contract/s3a/*.java | grep -v DistCp > ../list
javac -nowarn -proc:none -d ../classes -sourcepath . -cp "$1/jars/*" @../list`;

interface Step {
  /** `@sources` stands for every .java file of the folder. */
  readonly argv: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** What is said if the program cannot be started. */
  readonly missing?: string;
}

/** Takes the steps of a build once for each content of the folder; what was built of another content is removed. */
async function built(language: string, name: string, stepsOf: (target: string) => Step[]): Promise<Installed> {
  const source = sourceFolder(language);
  const target = installedFolder(name);
  const files = (await readdir(source)).sort();
  const digest = createHash("sha256");
  for (const file of files) digest.update(`${file}\0`).update(await readFile(join(source, file)));
  const stamp = join(target, `${digest.digest("hex")}.built`);
  if (existsSync(stamp)) return { ok: true };
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  const sources = files.filter((file) => file.endsWith(".java"));
  for (const step of stepsOf(target)) {
    const argv = step.argv.flatMap((word) => (word === "@sources" ? sources : [word]));
    const taken = await take({ ...step, argv }, source);
    if (!taken.ok) return taken;
  }
  await writeFile(stamp, "");
  return { ok: true };
}

async function take({ argv, env, missing }: Step, cwd: string): Promise<Installed> {
  const options = { cwd, timeoutMs: BUILD_MS, env: (env ?? process.env) as Record<string, string> };
  const result = await attempt(argv, options).catch((error: NodeJS.ErrnoException) => error);
  if (result instanceof Error) {
    const why = result.code === "ENOENT" && missing !== undefined ? missing : result.message.split("\n")[0];
    return { ok: false, why: why ?? "" };
  }
  if (result.code === 0) return { ok: true };
  const said = `${result.stdout}\n${result.stderr}`.trim().slice(-1000);
  return { ok: false, why: `${argv.slice(0, 3).join(" ")}: ${said}` };
}
