import { Hono } from "hono";
import { cutUrl } from "../services/s3/address/target.ts";
import { S3Error } from "../services/s3/errors/error.ts";
import { errorDocument } from "../services/s3/errors/render-error.ts";

/**
 * What answers in place of the front where its parts could not be built: 503 to everybody, the reason is in the log. The page of
 * the server's health says which `variables` to mend, and nothing of what they hold.
 */
export function createMisconfiguredApp(variables: readonly string[]): Hono {
  const error = new S3Error("ServiceUnavailable", "The configuration of this server cannot be used: its log says why.");
  const app = new Hono();
  app.get("/-/health", (context) => context.json({ status: "misconfigured", mend: variables }, 503));
  app.all("*", (context) => {
    const ids = { resource: cutUrl(context.req.url).rawPath, requestId: "", hostId: "" };
    return context.body(errorDocument(error, ids), 503, { "Content-Type": "application/xml" });
  });
  return app;
}
