import { downloadZip as zipOf } from "client-zip";
import type { AwsClient } from "../aws/client.ts";
import { type FilePage, type Format, sqlFile } from "../aws/sql.ts";
import { saveStream } from "../objects/download/saved-stream.ts";
import { runTask, type TaskHandle } from "../tasks/tasks.ts";
import { text } from "../text/text.ts";
import { withoutHead } from "./without-head.ts";

const PAGE_ROWS = 10_000;

interface Page extends FilePage {
  index: number;
}

/**
 * Saves all rows of a query, page after page while they come. A Parquet file cannot be continued, so that an answer of several pages becomes a
 * zip of files. Nothing is saved if the first page is refused.
 */
export async function saveResult(client: AwsClient, query: string, format: Format): Promise<void> {
  const kind = text(`sql.format.${format}`);
  await runTask(text("download.task", { name: kind }), { unit: "items" }, async (task) => {
    const first = await pageOf(client, { query, format, index: 0, signal: task.signal });
    const pages = followed(client, { query, format, first, task });
    const isZip = format === "parquet" && first.next !== null;
    const stream = isZip ? zipOf(parts(pages)).body : joined(pages, format);
    if (stream === null) throw new Error("there is no zip");
    await saveStream(stream, isZip ? "result.zip" : `result.${format}`, task.signal);
  });
}

interface Asked {
  query: string;
  format: Format;
  index: number;
  token?: string | null;
  signal: AbortSignal;
}

async function pageOf(client: AwsClient, { query, format, index, token, signal }: Asked): Promise<Page> {
  const page = await sqlFile(client, { query, token: token ?? undefined, rows: PAGE_ROWS, signal }, format);
  return { ...page, index };
}

async function* followed(
  client: AwsClient,
  { query, format, first, task }: { query: string; format: Format; first: Page; task: TaskHandle },
): AsyncGenerator<Page> {
  let done = 0;
  let page = first;
  for (;;) {
    yield page;
    done += page.rows;
    task.update(page.next === null ? { done, total: done } : { done });
    if (page.next === null) return;
    page = await pageOf(client, { query, format, index: page.index + 1, token: page.next, signal: task.signal });
  }
}

async function* parts(pages: AsyncGenerator<Page>) {
  for await (const { index, body } of pages) {
    yield { name: `part-${String(index).padStart(5, "0")}.parquet`, lastModified: new Date(), input: body };
  }
}

function joined(pages: AsyncGenerator<Page>, format: Format): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value: page } = await pages.next();
      if (done) return controller.close();
      const bytes = new Uint8Array(await page.body.arrayBuffer());
      controller.enqueue(format === "csv" && page.index > 0 ? withoutHead(bytes) : bytes);
    },
    cancel: async () => void (await pages.return(undefined)),
  });
}
