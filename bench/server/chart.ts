import type { Row } from "./measure.ts";
import { casesOf, sizeName } from "./report.ts";

const COLOURS = ["#c2703d", "#3d6ec2", "#5a9a4a", "#8a5ab0", "#b0a03a", "#4aa0a0"];
const WIDTH = 880;
const LEFT = 170;
const RIGHT = 90;
const BAR = 11;
const GAP = 9;
/** Ratios beyond these are drawn at the edge; the number beside the bar is right. */
const RATIO_MIN = 0.05;
const RATIO_MAX = 20;

/** An SVG chart: for each case a bar a target, its operations a second over the first target's, on a logarithmic scale. */
export function serverChart(rows: readonly Row[], title: string): string {
  const targets = [...new Set(rows.map((row) => row.target))];
  const parts: string[] = [];
  let y = 58 + 18 * Math.ceil(targets.length / 4);
  const top = y;
  for (const same of casesOf(rows)) {
    const [first] = same;
    if (!first) continue;
    const size = first.sizeBytes > 0 ? ` ${sizeName(first.sizeBytes)}` : "";
    const middle = y + (same.length * BAR) / 2 + 4;
    parts.push(
      text(LEFT - 8, middle, `${first.op}${size}, ${first.clients} client${first.clients > 1 ? "s" : ""}`, "end"),
    );
    for (const row of same) {
      parts.push(bar(row, y, COLOURS[targets.indexOf(row.target) % COLOURS.length] as string));
      y += BAR;
    }
    y += GAP;
  }
  const legend = targets.map((name, index) => {
    const [x, line] = [16 + 200 * (index % 4), 46 + 18 * Math.floor(index / 4)];
    const colour = COLOURS[index % COLOURS.length];
    return `<rect x="${x}" y="${line - 9}" width="10" height="10" fill="${colour}"/>${text(x + 15, line, name)}`;
  });
  const grid = [0.1, 0.2, 0.5, 1, 2, 5, 10].map((ratio) => {
    const x = place(ratio);
    const stroke = ratio === 1 ? "#333" : "#ddd";
    return `<line x1="${x}" x2="${x}" y1="${top - 4}" y2="${y}" stroke="${stroke}"/>${text(x, y + 14, `${ratio}×`, "middle")}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 24}" font-family="sans-serif" font-size="11">
<title>${escapeXml(title)}</title>
<rect width="100%" height="100%" fill="#fff"/>
<text x="16" y="24" font-size="15">${escapeXml(title)}</text>
${[...legend, ...grid, ...parts].join("\n")}
</svg>
`;
}

function bar({ ratio, opsPerSecond, mbPerSecond, sizeBytes }: Row, y: number, colour: string): string {
  const isLarge = mbPerSecond !== null && sizeBytes >= 1024 * 1024;
  const speed = isLarge ? `${mbPerSecond.toFixed(0)} MB/s` : `${opsPerSecond.toFixed(0)}/s`;
  const [one, end] = [place(1), place(ratio ?? 1)];
  const width = Math.max(1.5, Math.abs(end - one));
  const rect = `<rect x="${Math.min(one, end)}" y="${y}" width="${width}" height="${BAR - 1}" fill="${colour}"/>`;
  const beside = text(Math.max(one, end) + 4, y + BAR - 2, speed);
  return rect + beside;
}

function place(ratio: number): number {
  const within =
    Math.log(Math.min(RATIO_MAX, Math.max(RATIO_MIN, ratio)) / RATIO_MIN) / Math.log(RATIO_MAX / RATIO_MIN);
  return Math.round(LEFT + within * (WIDTH - LEFT - RIGHT));
}

function text(x: number, y: number, what: string, anchor = "start"): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="#222">${escapeXml(what)}</text>`;
}

function escapeXml(value: string): string {
  return value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
