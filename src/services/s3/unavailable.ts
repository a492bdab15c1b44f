import { cutUrl } from "../../edge/raw-url.ts";
import { S3Error } from "./errors/error.ts";
import { errorDocument } from "./errors/render-error.ts";

/** S3's answer to everything while the server cannot work. */
export function unavailable(request: Request): Response {
  const error = new S3Error("ServiceUnavailable", "The configuration of this server cannot be used: its log says why.");
  const ids = { resource: cutUrl(request.url).rawPath, requestId: "", hostId: "" };
  return new Response(errorDocument(error, ids), { status: 503, headers: { "Content-Type": "application/xml" } });
}
