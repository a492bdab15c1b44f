import type { RenderedPage } from "./serve-page.ts";

type Status = NonNullable<RenderedPage["status"]>;

/** A page whose body is JSON. */
export function jsonPage(value: unknown, status: Status = 200): RenderedPage {
  return { status, contentType: "application/json", body: `${JSON.stringify(value, null, 2)}\n` };
}

/** Says why nothing was done: `{"error": "…"}`. */
export function refusal(status: Exclude<Status, 200 | 201>, error: string): RenderedPage {
  return jsonPage({ error }, status);
}
