import type { Readable } from "node:stream";

/**
 * Passes on each line of a stream. Node's readline would also cut at U+2028, which is valid inside
 * JSON.
 */
export function readLines(stream: Readable, take: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
  });
  stream.on("end", () => {
    if (rest !== "") take(rest);
  });
}
