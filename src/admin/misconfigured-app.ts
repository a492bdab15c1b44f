import { Hono } from "hono";

/**
 * What answers in place of everything where its parts could not be built: 503 to everybody, the reason is in the log. The page of
 * the server's health says which `variables` to fix, and nothing of what they hold. `unavailable` is the answer to all else, in
 * the form that clients understand.
 */
export function createMisconfiguredApp(
  variables: readonly string[],
  unavailable: (request: Request) => Response,
): Hono {
  const app = new Hono();
  app.get("/-/health", (context) => context.json({ status: "misconfigured", mend: variables }, 503));
  app.all("*", (context) => unavailable(context.req.raw));
  return app;
}
