import { MetadataUnavailable } from "../metadata/database.ts";
import type { BucketRow } from "../metadata/rows.ts";
import { askQuery, type QueryParts } from "../query/ask.ts";
import { QueryRefused } from "../query/failure.ts";
import { CONTENT_TYPES } from "../query/formats.ts";
import type { SeeBucket } from "../query/sight.ts";
import type { AskedPage, OwnPage, RenderedPage } from "./serve-page.ts";

/**
 * `POST /-/sql`: asks the metadata by SQL. For members of every account, about what they may list. The body and the errors are JSON; the
 * answer is one page in the format that was asked for, with what asks for the next in a header.
 */
export function sqlPages(parts: QueryParts, seeBucket: SeeBucket): Map<string, OwnPage[]> {
  const page: OwnPage = {
    method: "POST",
    action: "sherd:Query",
    isForAccounts: true,
    isReadOnly: true,
    render: (asked) => render(parts, seeBucket, asked),
  };
  return new Map([["sql", [page]]]);
}

async function render(parts: QueryParts, seeBucket: SeeBucket, asked: AskedPage): Promise<RenderedPage> {
  const { caller, headers, tlsVersion } = asked;
  const request = { headers, tlsVersion, nowMs: parts.clock.now() };
  const bucketSight = (bucket: BucketRow) => seeBucket(caller, request, bucket);
  try {
    const { format, body, rows, scanned, next } = await askQuery(parts, { caller, bucketSight }, readJson(asked.body));
    return {
      contentType: CONTENT_TYPES[format],
      body,
      headers: {
        "X-Sherd-Rows": String(rows),
        "X-Sherd-Rows-Scanned": String(scanned),
        ...(next !== null && { "X-Sherd-Next-Token": next }),
      },
    };
  } catch (error) {
    if (error instanceof MetadataUnavailable)
      return refused(503, { code: "Unavailable", message: "the metadata do not answer" });
    if (!(error instanceof QueryRefused)) throw error;
    const { code, message, hint, position } = error;
    const more = { ...(hint !== null && { hint }), ...(position !== null && { position }) };
    return refused(code === "AccessDenied" ? 403 : 400, { code, message, ...more });
  }
}

function readJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(body));
  } catch {
    // SyntaxError, or TypeError for bytes that are not UTF-8.
    return null;
  }
}

interface Refusal {
  code: string;
  message: string;
  hint?: string;
  position?: number;
}

function refused(status: 400 | 403 | 503, error: Refusal): RenderedPage {
  return { status, contentType: "application/json", body: `${JSON.stringify({ error })}\n` };
}
