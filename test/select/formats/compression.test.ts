import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { Compression } from "../../../src/select/request.ts";
import { csvIn, refusal, selected, sourceOf } from "../support.ts";

const text = Array.from({ length: 30_000 }, (_, index) => `${index % 7},${"x".repeat(index % 3)}\n`).join("");
const end = `9,end${"z".repeat(1_000)}\n`;
const csv = text + end;

/** `text` by `bzip2 -1`, so that it has two blocks, and `end` by `bzip2 -9` behind it (bzip2 1.0.8). */
const BZIP2 = Buffer.from(
  "QlpoMTFBWSZTWbJxe9gAY/bYgAAQAAR/AABAMAGYABADAgBgFJVIf6qP1TyiR8USMUSNUSMUSMokZUSMokYokaokaUSMokYokZRI" +
    "yiR5RI+6iR+KJHKJH7USP5RI9USOUSOUSOqJHKJHKJHVEjlEjlEjlEjlEjqiRyiRyiRyiR5RI9pVUVPKJHxRIyiRlEjKJGqJGqJG" +
    "USMokZRIyiRqiRlEjQokf5igrJMprOIT71GAE1DsQAAIAAI/gAAgGACcAEAMCAGAmpVE36o1PIR6CNQjQjQRoRqEYI1CNCMhGhGQ" +
    "jQjBHgR/Qj5COCPsI/QjyEdCOCOhHQjgjoR0I6EdCOCOhHQjoR0I3lFQr9CPIRoRgjBGhGhGhGhGCNCNCMEaEbJKL1gj/F3JFOFC" +
    "QoMUpEhCWmg5MUFZJlNZ02KpHgAAAVmBgBAABAAgBgEAEACAAAggACEoBkIMmIV12c4TAPF3JFOFCQ02KpHg",
  "base64",
);
const GZIP = Buffer.concat([gzipSync(text), gzipSync(end)]);

const select = (bytes: Uint8Array, compression: Compression, piece = 1_000) => {
  const input = { ...csvIn(), compression } as ReturnType<typeof csvIn>;
  return selected(sourceOf(bytes, piece), "SELECT * FROM S3Object", { input });
};

describe.each([
  ["GZIP", GZIP],
  ["BZIP2", BZIP2],
] as const)("%s", (kind, bytes) => {
  test("several streams behind one another are one input, however it is cut", async () => {
    for (const piece of [1, 17, 100_000]) expect(await select(bytes, kind, piece)).toBe(csv);
  });

  test("an input that is cut is refused", async () => {
    for (const length of [bytes.length - 1, bytes.length - 9, 100, 20]) {
      expect(await refusal(select(bytes.subarray(0, length), kind))).toBe("TruncatedInput");
    }
  });

  test("an input that was altered is refused", async () => {
    const altered = Buffer.from(bytes);
    altered[60] = (altered[60] as number) ^ 0x10;
    expect(await refusal(select(altered, kind))).toBe("TruncatedInput");
  });

  test("an input of another kind is refused", async () => {
    expect(await refusal(select(Buffer.from("1,2\n3,4\n"), kind))).toBe("InvalidCompressionFormat");
    expect(await refusal(select(new Uint8Array(0), kind))).toBe("InvalidCompressionFormat");
  });
});

test("what hugely expands is given up as soon as a record is too long", async () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  const source = sourceOf(bomb, 4_096);
  const input = { ...csvIn(), compression: "GZIP" } as ReturnType<typeof csvIn>;
  expect(await refusal(selected(source, "SELECT COUNT(*) FROM S3Object", { input }))).toBe("OverMaxRecordSize");
  expect(source.takenBytes).toBeLessThan(bomb.length / 4);
});
