import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const source = join(root, "src");
const entry = "index.ts";
const entryLinesMax = 150;
/** Parts of the design that only tests put to work. */
// The port to a KMS is used as soon as objects can be encrypted.
const forTests = ["drives/memory.ts"];

/** Which layers each layer may import besides itself, as the table of docs/architecture.md says. */
const mayImport = readTable(readFileSync(join(root, "docs/architecture.md"), "utf8"), "src/");

/** The rows of folders below `prefix`, by their names without it; with no prefix those of folders beside `src`. */
function readTable(page: string, prefix: "src/" | ""): Record<string, readonly string[]> {
  const layers = page.slice(page.indexOf("## Layers"), page.indexOf("## Rooms"));
  const rows = Array.from(layers.matchAll(/^\| `([\w/]+)` \| [^|]+ \| ([\w/, ]+) \|$/gm))
    .map(([, folder = "", imports = ""]) => ({ folder, imports: imports === "nothing" ? [] : imports.split(", ") }))
    .filter(({ folder }) => folder.startsWith("src/") === (prefix === "src/"));
  return Object.fromEntries(rows.map(({ folder, imports }) => [folder.slice(prefix.length), imports]));
}

/** Packages, and the folders that know them. Node's crypto and buffer come with the runtime everywhere. */
const packages: Record<string, readonly string[]> = {
  "@peculiar/asn1-schema": ["topics"],
  "@peculiar/asn1-x509": ["topics"],
  hono: ["admin"],
  "fast-xml-parser": ["protocols", "drives"],
  aws4fetch: ["drives", "keyring"],
  jose: ["services/sts"],
  "sqlite3-parser": ["query"],
  "hyparquet-writer": ["query", "maintenance"],
  hyparquet: ["select"],
  "hyparquet-compressors": ["select"],
};

interface SourceFile {
  /** Relative to src, with slashes. */
  path: string;
  /** See `layerOf`. */
  layer: string;
  code: string;
  /** Paths of files in src, as `path`. */
  imports: string[];
  /** Names of modules that are not files. */
  modules: string[];
}

function readSource(path: string, text: string): SourceFile {
  const code = text.replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, "");
  const named = [...code.matchAll(/^\s*(?:import|export)\b[^"';]*?\bfrom\s*"([^"]+)"/gm)].map(
    (match) => match[1] ?? "",
  );
  const bare = [...code.matchAll(/\bimport\s*\(?\s*"([^"]+)"/g)].map((match) => match[1] ?? "");
  const specifiers = [...named, ...bare];
  return {
    path,
    layer: layerOf(path),
    code,
    imports: specifiers.filter(isRelative).map((specifier) => join(dirname(path), specifier)),
    modules: specifiers.filter((specifier) => !isRelative(specifier)),
  };
}

/** The first folder; of a service two, so that a service is a layer of its own. "" for the entry. */
function layerOf(path: string): string {
  const folders = path.split("/").slice(0, -1);
  return folders.slice(0, folders[0] === "services" ? 2 : 1).join("/");
}

/** The folder that the table names: all services have one row. */
function rowOf(layer: string): string {
  return layer.split("/")[0] ?? "";
}

/** Without the file in it. */
function packageOf(name: string): string {
  return name
    .split("/")
    .slice(0, name.startsWith("@") ? 2 : 1)
    .join("/");
}

function isRelative(specifier: string): boolean {
  return specifier.startsWith(".");
}

/** AssemblyScript has rules of its own; declarations hold no code. */
function isOurs(path: string): boolean {
  return path.endsWith(".ts") && !path.endsWith(".d.ts") && !path.startsWith(join("erasure", "assembly"));
}

const files = readdirSync(source, { recursive: true, withFileTypes: true })
  .filter((found) => found.isFile())
  .map((found) => relative(source, join(found.parentPath, found.name)))
  .filter(isOurs)
  .map((path) => readSource(path, readFileSync(join(source, path), "utf8")));
const byPath = new Map(files.map((file) => [file.path, file]));

function layerViolations(all: readonly SourceFile[]): string[] {
  return all
    .filter(({ path }) => path !== entry)
    .flatMap(({ path, layer, imports }) =>
      imports
        .filter((target) => {
          const other = layerOf(target);
          return other !== layer && !mayImport[rowOf(layer)]?.includes(rowOf(other));
        })
        .map((target) => `${path} imports ${target}`),
    );
}

/** The first cycle found, as a path of files that ends where it begins, or null. */
function findCycle(all: ReadonlyMap<string, SourceFile>): string[] | null {
  const done = new Set<string>();
  const visit = (path: string, above: readonly string[]): string[] | null => {
    if (above.includes(path)) return [...above.slice(above.indexOf(path)), path];
    if (done.has(path)) return null;
    for (const target of all.get(path)?.imports ?? []) {
      const cycle = visit(target, [...above, path]);
      if (cycle !== null) return cycle;
    }
    done.add(path);
    return null;
  };
  for (const path of all.keys()) {
    const cycle = visit(path, []);
    if (cycle !== null) return cycle;
  }
  return null;
}

describe("the folder is the architecture", () => {
  test("every layer has a row in the table", () => {
    const layers = new Set(files.map(({ layer }) => layer).filter((layer) => layer !== ""));
    expect([...layers].filter((layer) => !(rowOf(layer) in mayImport))).toEqual([]);
  });

  test("no file imports from a layer that it may not know, not even a type", () => {
    expect(layerViolations(files)).toEqual([]);
  });

  test("packages are known where they are used and nowhere else", () => {
    const strays = files.flatMap(({ path, layer, modules }) =>
      modules
        .filter((name) => !name.startsWith("node:") && !packages[packageOf(name)]?.includes(layer))
        .map((name) => `${path} imports ${name}`),
    );
    expect(strays).toEqual([]);
  });

  test("imports form no cycle", () => {
    expect(findCycle(byPath)).toBeNull();
  });

  test("every import names a file", () => {
    const missing = files.flatMap(({ path, imports }) =>
      imports.filter((target) => isOurs(target) && !byPath.has(target)).map((target) => `${path} imports ${target}`),
    );
    expect(missing).toEqual([]);
  });

  test("no file is dead", () => {
    const imported = new Set(files.flatMap(({ imports }) => imports));
    const used = (path: string) => path === entry || forTests.includes(path) || imported.has(path);
    const dead = files.map(({ path }) => path).filter((path) => !used(path));
    expect(dead).toEqual([]);
  });

  test("SQL is spoken in metadata alone, and built anew for queries", () => {
    const sql =
      /\b(SELECT\b[\s\S]{1,200}?\bFROM|INSERT (OR \w+ )?INTO|UPDATE \w+ SET|DELETE FROM|CREATE (TABLE|INDEX))\b|\.prepare\(/;
    const speakers = files.filter(({ layer, code }) => layer !== "metadata" && layer !== "query" && sql.test(code));
    expect(speakers.map(({ path }) => path)).toEqual([]);
  });

  test("Request and Response stay in services, edge, admin and the entry; drives, keyring and topics may fetch", () => {
    // Names of XML elements end like this: `${operation}Response`.
    const http = /(?<![}"])\b(Request|Response|ResponseInit)\b/;
    const free = ["services", "edge", "admin", "drives", "keyring", "topics", ""];
    const holders = files.filter(({ layer, code }) => !free.includes(rowOf(layer)) && http.test(code));
    expect(holders.map(({ path }) => path)).toEqual([]);
  });

  test(`the entry is wiring, under ${entryLinesMax} lines`, () => {
    expect(readFileSync(join(source, entry), "utf8").split("\n").length).toBeLessThanOrEqual(entryLinesMax);
  });
});

/** Folders beside `src`, with what each may import besides itself: the second table. */
const around = readTable(readFileSync(join(root, "docs/architecture.md"), "utf8"), "");
const aroundFiles = Object.keys(around)
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true }).map((found) =>
      relative(root, join(found.parentPath, found.name)),
    ),
  )
  .filter((path) => path.endsWith(".ts"))
  .map((path) => readSource(path, readFileSync(join(root, path), "utf8")));

function violationsAround(all: readonly SourceFile[]): string[] {
  const folders = [...Object.keys(around), ...Object.values(around).flat()];
  const folderOf = (path: string) => folders.find((folder) => path.startsWith(`${folder}/`));
  return all.flatMap(({ path, imports }) => {
    const own = folderOf(path) ?? "";
    const isForbidden = (target: string) => {
      const other = folderOf(target);
      return other !== own && (other === undefined || !around[own]?.includes(other));
    };
    return imports.filter(isForbidden).map((target) => `${path} imports ${target}`);
  });
}

describe("the folders beside src", () => {
  test("import what the table says", () => {
    expect(Object.keys(around)).toContain("test/support");
    expect(violationsAround(aroundFiles)).toEqual([]);
  });

  test("form no cycle", () => {
    expect(findCycle(new Map(aroundFiles.map((file) => [file.path, file])))).toBeNull();
  });

  test("a benchmark in the simulation would be found", () => {
    const sly = readSource("sim/a.ts", 'import type { X } from "../bench/b.ts";\nimport "../src/index.ts";');
    expect(violationsAround([sly])).toEqual(["sim/a.ts imports bench/b.ts"]);
  });
});

describe("the rules above can fail", () => {
  const file = (path: string, text: string) => readSource(path, text);

  test("a type import counts, on one line or on several", () => {
    const sly = file(
      "auth/a.ts",
      'import type {\n  X,\n} from "../store/b.ts";\nexport type { Y } from "../services/s3/c.ts";',
    );
    expect(layerViolations([sly])).toEqual(["auth/a.ts imports store/b.ts", "auth/a.ts imports services/s3/c.ts"]);
  });

  test("a service knows no other service", () => {
    const nosy = file("services/iam/a.ts", 'import { x } from "../s3/b.ts";\nimport { y } from "./c.ts";');
    expect(layerViolations([nosy])).toEqual(["services/iam/a.ts imports services/s3/b.ts"]);
  });

  test("the table was read", () => {
    expect(mayImport).toMatchObject({ base: [], erasure: ["base"], auth: ["metadata", "sealing", "base"] });
  });

  test("a cycle through three files is found", () => {
    const ring = ["b", "c", "a"].map((next, index) => file(`s3/${"abc"[index]}.ts`, `import "./${next}.ts";`));
    expect(findCycle(new Map(ring.map((one) => [one.path, one])))).toEqual([
      "s3/a.ts",
      "s3/b.ts",
      "s3/c.ts",
      "s3/a.ts",
    ]);
  });

  test("imports in comments do not count", () => {
    expect(file("base/a.ts", '// import "../s3/x.ts";\n/* import "../s3/y.ts"; */').imports).toEqual([]);
  });
});
