interface Env {
  /** A service binding has this besides `fetch`, with the flag service_binding_extra_handlers. */
  SHERD: { scheduled(event: { cron: string; scheduledTime: Date }): Promise<{ outcome: string }> };
}

/** Runs the `scheduled` handler of the Worker, as a cron trigger would: the body is `{ cron, scheduledTimeMs }`. */
export default {
  async fetch(request: Request, { SHERD }: Env): Promise<Response> {
    const { cron, scheduledTimeMs } = await request.json<{ cron: string; scheduledTimeMs: number }>();
    const { outcome } = await SHERD.scheduled({ cron, scheduledTime: new Date(scheduledTimeMs) });
    return Response.json({ outcome });
  },
};
