import type { Row } from "./measure.ts";

type Column = readonly [title: string, implementations: readonly string[], runtime: string];

/** The contestants that are not from npm. `plain` is the XOR sweep, `libc` its memcpy. */
const COLUMNS: readonly Column[] = [
  ["Sherd, Node", ["sherd"], "node"],
  ["Sherd, workerd", ["sherd"], "workerd"],
  ["runtime's own or plain, Node", ["native", "plain"], "node"],
  ["runtime's own or plain, workerd", ["native", "plain"], "workerd"],
  ["C: ISA-L or libc", ["isa-l", "libc"], "c"],
  ["C: ISA-L 2.30", ["isa-l-2.30"], "c"],
];

/** The table of contestants that are not from npm: a line for each case, GB/s. */
export function tableOf(rows: readonly Row[]): string {
  const cases = rows.filter((row, i) => rows.findIndex((other) => isSameCase(row, other)) === i);
  const lines = cases.map((work) => {
    const cells = COLUMNS.map(([, implementations, runtime]) => {
      const isOfColumn = (row: Row) => implementations.includes(row.implementation) && row.runtime === runtime;
      return rows.find((row) => isSameCase(row, work) && isOfColumn(row))?.gbps;
    });
    return [work.op, work.geometry ?? "", ...cells.map(figure)];
  });
  return markdown(["operation", "geometry", ...COLUMNS.map(([title]) => title)], lines);
}

/** The table of npm's packages: a line for each package, GB/s. */
export function peerTableOf(rows: readonly Row[]): string {
  const known = COLUMNS.flatMap(([, implementations]) => implementations);
  const peers = rows.filter(({ implementation }) => !known.includes(implementation));
  const names = [...new Set(peers.map(({ implementation }) => implementation))];
  const cases = peers.filter((row, i) => peers.findIndex((other) => isSameCase(row, other)) === i);
  const lines = names.map((name) => {
    const cells = cases.map((work) => peers.find((row) => row.implementation === name && isSameCase(row, work))?.gbps);
    return [name, ...cells.map(figure)];
  });
  return markdown(["package", ...cases.map(({ op, geometry }) => `${op} ${geometry ?? ""}`)], lines);
}

const figure = (gbps: number | undefined) => (gbps === undefined ? "" : String(Number(gbps.toPrecision(3))));

function markdown(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const bar = head.map((_, i) => (i === 0 ? "---" : "---:"));
  return [head, bar, ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

const isSameCase = (a: Row, b: Row) => a.op === b.op && a.geometry === b.geometry;

interface Target {
  readonly text: string;
  readonly atLeast: number;
  readonly actual: number | null;
}

/** Finds figures; null if one was not measured. */
function finder(rows: readonly Row[]) {
  return (op: string, geometry: string | null, implementation: string, runtime: string): number | null =>
    rows.find(
      (row) =>
        isSameCase(row, { ...row, op, geometry }) && row.implementation === implementation && row.runtime === runtime,
    )?.gbps ?? null;
}

const ratio = (a: number | null, b: number | null) => (a === null || b === null ? null : a / b);

function targetsOf(rows: readonly Row[]): Target[] {
  const find = finder(rows);
  const targets: Target[] = [];
  const wasmPeers = rows.filter(
    ({ op, geometry, implementation }) => op === "encode" && geometry === "4+2" && implementation.includes("erasure"),
  );
  const bestPeer = wasmPeers.length > 0 ? Math.max(...wasmPeers.map(({ gbps }) => gbps)) : null;
  for (const runtime of ["node", "workerd"]) {
    const ours = (op: string, geometry: string | null) => find(op, geometry, "sherd", runtime);
    const add = (text: string, atLeast: number, actual: number | null) =>
      targets.push({ text: `${runtime}: ${text}`, atLeast, actual });
    add("4+2 encode / ISA-L", 0.85, ratio(ours("encode", "4+2"), find("encode", "4+2", "isa-l", "c")));
    add("4+2 encode / ISA-L 2.30", 1.7, ratio(ours("encode", "4+2"), find("encode", "4+2", "isa-l-2.30", "c")));
    add("4+2 encode / best WASM of npm", 40, ratio(ours("encode", "4+2"), bestPeer));
    for (const wide of ["8+4", "10+4", "16+4"])
      add(`${wide} encode / ISA-L`, 0.8, ratio(ours("encode", wide), find("encode", wide, "isa-l", "c")));
    add("reconstruct 1 / XOR sweep", 0.8, ratio(ours("reconstruct-1", "4+2"), find("xor", "4+1", "plain", runtime)));
    for (const geometry of ["4+2", "6+3", "8+4", "16+4"])
      add(`${geometry} reconstruct 2 / encode`, 0.5, ratio(ours("reconstruct-2", geometry), ours("encode", geometry)));
    add("4+2 encode with border / without", 0.4, ratio(ours("encode+border", "4+2"), ours("encode", "4+2")));
  }
  const crc = ratio(find("crc64nvme", null, "sherd", "workerd"), find("crc64nvme", null, "native", "workerd"));
  targets.push({ text: "workerd: CRC-64/NVME / the runtime's", atLeast: 5, actual: crc });
  return targets;
}

/** The targets, each with the measured value. */
export function targetTableOf(rows: readonly Row[]): string {
  const lines = targetsOf(rows).map(({ text, atLeast, actual }) => {
    const verdict = actual === null ? "not measured" : actual >= atLeast ? "reached" : "MISSED";
    return [text, `≥ ${atLeast}`, actual === null ? "" : actual.toFixed(2), verdict];
  });
  return markdown(["target", "at least", "measured", ""], lines);
}
