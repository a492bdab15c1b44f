import { parseArn } from "../base/arn.ts";

export interface EventSettings {
  /** How long a message is tried; then it goes to the dead letter queue. */
  readonly retrySeconds: number;
  /** ARN of a queue for messages that could not be delivered; null: they are dropped, and the log says so. */
  readonly deadLetterArn: string | null;
  /** ARN of the queue that events for the event bus go to; null: there is no bus. */
  readonly busArn: string | null;
}

type Variables = Readonly<Record<string, unknown>>;

const DAY_SECONDS = 24 * 3600;
const RETRY_SECONDS_MAX = 14 * DAY_SECONDS;

/** What the Worker's variables say of events (docs/configuration.md). Throws an `Error` that says what to mend. */
export function parseEventSettings(vars: Variables): EventSettings {
  return {
    retrySeconds: retrySeconds(text(vars, "SHERD_EVENT_RETRY_SECONDS")),
    deadLetterArn: targetArn(vars, "SHERD_EVENT_DEAD_LETTER_ARN"),
    busArn: targetArn(vars, "SHERD_EVENT_BUS_ARN"),
  };
}

/** `SHERD_FUNCTIONS`: the service bindings of functions by their names, as in `thumbnails=THUMBNAILS, index=SEARCH`. */
export function parseFunctions(vars: Variables): ReadonlyMap<string, string> {
  const entries = (text(vars, "SHERD_FUNCTIONS") ?? "").split(",").filter((entry) => entry.trim() !== "");
  return new Map(
    entries.map((entry) => {
      const [, name, binding] = /^\s*([\w-]{1,64})\s*=\s*([A-Z][A-Z0-9_]*)\s*$/.exec(entry) ?? [];
      if (name !== undefined && binding !== undefined) return [name, binding];
      throw new Error(`SHERD_FUNCTIONS: ${JSON.stringify(entry.trim())} is not "name=BINDING"`);
    }),
  );
}

function retrySeconds(value: string | null): number {
  if (value === null) return DAY_SECONDS;
  if (/^\d{1,8}$/.test(value) && Number(value) <= RETRY_SECONDS_MAX) return Number(value);
  throw new Error(`SHERD_EVENT_RETRY_SECONDS must be a whole number up to ${RETRY_SECONDS_MAX}`);
}

function targetArn(vars: Variables, name: string): string | null {
  const value = text(vars, name);
  if (value === null || parseArn(value) !== null) return value;
  throw new Error(`${name} must be the ARN of a queue, not ${JSON.stringify(value)}`);
}

function text(vars: Variables, name: string): string | null {
  const value = vars[name];
  return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
}
