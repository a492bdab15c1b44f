import { Hono } from "hono";
import { variablesIn } from "../store/configuration.ts";

interface Parts {
  log: { error(line: string): void };
  /** S3's answer to everything else, in a form that clients understand. */
  unavailable(request: Request): Response;
}

/**
 * The app of a Worker whose parts could not be built because of `error`: 503 to everybody; the log
 * has the reason. The page of the server's health names the variables to fix, without their values.
 */
export function createMisconfiguredApp(error: unknown, { log, unavailable }: Parts): Hono {
  const message = error instanceof Error ? error.message : String(error);
  log.error(`sherd cannot work: ${message}`);
  const app = new Hono();
  app.get("/-/health", (context) => context.json({ status: "misconfigured", mend: variablesIn(message) }, 503));
  app.all("*", (context) => unavailable(context.req.raw));
  return app;
}
