import type { Row } from "./measure.ts";

/** The table: a line for each figure, with its share of our fastest in the same case. */
export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map((row) => {
    const ours = rows.find(
      (other) => isSameCase(row, other) && isOurs(other, row.runtime === "workerd" ? "workerd" : "node"),
    );
    const share = ours ? `${(row.gbps / ours.gbps).toFixed(2)}×` : "";
    return [row.op, row.geometry ?? "", row.implementation, row.runtime, row.gbps.toPrecision(3), share];
  });
  const head = ["operation", "geometry", "implementation", "runtime", "GB/s", "of ours"];
  const widths = head.map((title, i) => Math.max(title.length, ...lines.map((line) => (line[i] as string).length)));
  const format = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] as number)).join(" | ")} |`;
  return [format(head), format(widths.map((width) => "-".repeat(width))), ...lines.map(format)].join("\n");
}

const isSameCase = (a: Row, b: Row) => a.op === b.op && a.geometry === b.geometry;
const isOurs = (row: Row, runtime: string) => row.implementation === "sherd" && row.runtime === runtime;

interface Target {
  readonly text: string;
  readonly atLeast: number;
  readonly actual: number | null;
}

/** Finds figures; null where one was not measured. */
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

/** The targets, each with what was reached. */
export function targetLines(rows: readonly Row[]): string {
  return targetsOf(rows)
    .map(({ text, atLeast, actual }) => {
      const verdict =
        actual === null ? "not measured" : `${actual.toFixed(2)} ${actual >= atLeast ? "reached" : "MISSED"}`;
      return `${text.padEnd(46)} ≥ ${String(atLeast).padEnd(5)} ${verdict}`;
    })
    .join("\n");
}
