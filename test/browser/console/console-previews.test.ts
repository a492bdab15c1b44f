import { createHash } from "node:crypto";
import { CreateBucketCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { parquetWriteBuffer } from "hyparquet-writer";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { whyNoBrowser } from "../../support/browser.ts";
import { type ConsoleStage, listing, openConsole, violations } from "./console-stage.ts";

const HOSTILE = "<img src=x onerror=alert(1)>";

describe.skipIf(whyNoBrowser !== null)(`previews (${whyNoBrowser ?? "Chromium"})`, () => {
  let stage: ConsoleStage;
  let page: Page;
  beforeAll(async () => {
    stage = await openConsole();
    await stage.client.send(new CreateBucketCommand({ Bucket: "files" }));
    page = await stage.open();
    await stage.signIn(page);
  });
  afterAll(() => stage?.stop());

  const open = async (Key: string, Body: string | Uint8Array, ContentType = "application/octet-stream") => {
    await stage.client.send(new PutObjectCommand({ Bucket: "files", Key, Body, ContentType }));
    await stage.go(page, listing("files", { key: Key }));
    await page.getByRole("dialog").getByRole("tab", { name: "Preview", selected: true }).waitFor();
  };
  const cells = () => page.getByRole("dialog").getByRole("cell").allTextContents();

  test("a table of CSV is told from the commas within its fields", async () => {
    await open("costs.csv", `what,euro\n"train, first class",49\n"${HOSTILE}\nand a line",7\n`, "text/csv");
    await page.getByRole("cell", { name: "train, first class" }).waitFor();
    expect(await cells()).toEqual(["train, first class", "49", `${HOSTILE}\nand a line`, "7"]);
    expect(await violations(page, "CSV")).toEqual([]);
    stage.calm();
  });

  test("of a Parquet file the ranges that are shown are read", async () => {
    const count = 40_000;
    // Nothing that could be made smaller: the file must be large beside what is read of it.
    const keyOf = (row: number) => `${HOSTILE} ${createHash("sha256").update(String(row)).digest("hex")}`;
    const columnData = [
      { name: "key", data: Array.from({ length: count }, (_, row) => keyOf(row)) },
      { name: "size", data: Array.from({ length: count }, (_, row) => BigInt(row)), type: "INT64" as const },
      { name: "none", data: Array.from({ length: count }, (_, row) => (row === 1 ? "x" : null)) },
    ];
    const file = new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 1_000 }));
    const ranges: string[] = [];
    page.on("request", (request) => ranges.push(request.headers().range ?? ""));
    await open("rows.parquet", file);
    await page.getByText("The first 200 rows").waitFor();
    expect((await cells()).slice(0, 6)).toEqual([keyOf(0), "0", "", keyOf(1), "1", "x"]);
    const read = ranges.flatMap((range) => {
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
      return from === undefined ? [] : [Number(to) - Number(from) + 1];
    });
    const bytes = read.reduce((sum, one) => sum + one, 0);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(file.length / 2);
    stage.calm();
  });

  test("a film is played, and sought by ranges", async () => {
    await open("film.webm", await filmed(page), "video/webm");
    await page.locator("video").waitFor();
    const seen = await page.evaluate<{ width: number; error: string | null }>(`(async () => {
      const it = document.querySelector("video");
      if (it.readyState < 1 && it.error === null) await new Promise((go) => { it.onloadedmetadata = it.onerror = go; });
      return { width: it.videoWidth, error: it.error && it.error.message };
    })()`);
    expect(seen).toEqual({ width: 64, error: null });
    stage.calm();
  });

  test("a PDF is shown in a frame, with its type, and as nothing else", async () => {
    const answered = page.waitForResponse(/\/files\/plan\.pdf\?/);
    await open("plan.pdf", pdf("Plan"), "application/pdf");
    const answer = await answered;
    expect([answer.status(), answer.headers()["content-type"]]).toEqual([200, "application/pdf"]);
    expect(await page.locator("iframe.preview-pdf").getAttribute("title")).toBe("plan.pdf");
    stage.calm();
    // What calls itself one and is a page stays a page of no rights.
    const opened = page.waitForResponse(/\/files\/page\.pdf\?/);
    await open("page.pdf", "<script>parent.document.title = 'taken'</script>", "text/html");
    expect((await opened).headers()["content-type"]).toBe("application/pdf");
    expect(await page.title()).not.toBe("taken");
  });
});

/** A short film, made by the browser itself. */
async function filmed(page: Page): Promise<Uint8Array> {
  const base64 = await page.evaluate<string>(`(async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 48 });
    const drawing = canvas.getContext("2d");
    let frame = 0;
    const timer = setInterval(() => {
      drawing.fillStyle = "hsl(" + (frame++ * 20) + " 80% 50%)";
      drawing.fillRect(0, 0, 64, 48);
    }, 40);
    const recorder = new MediaRecorder(canvas.captureStream(25), { mimeType: "video/webm" });
    const pieces = [];
    // Until there is something in it, however slow the machine is.
    const filled = new Promise((go) => {
      recorder.ondataavailable = ({ data }) => {
        if (data.size > 0) pieces.push(data);
        if (pieces.length >= 5) go();
      };
    });
    const ended = new Promise((go) => { recorder.onstop = go; });
    recorder.start(100);
    await filled;
    recorder.stop();
    await ended;
    clearInterval(timer);
    const bytes = new Uint8Array(await new Blob(pieces).arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  })()`);
  return Buffer.from(base64, "base64");
}

/** One page with a line of text. */
function pdf(line: string): string {
  const content = `BT /F1 24 Tf 20 100 Td (${line}) Tj ET`;
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
  ];
  let text = "%PDF-1.4\n";
  const places = objects.map((object, index) => {
    const at = text.length;
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(at).padStart(10, "0")} 00000 n \n`;
  });
  const begin = text.length;
  const size = objects.length + 1;
  return `${text}xref\n0 ${size}\n0000000000 65535 f \n${places.join("")}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${begin}\n%%EOF\n`;
}
