import { parseArn } from "../base/arn.ts";
import { type Target, TargetRefused } from "./target.ts";

/** A Cloudflare Queue, as far as sending to it goes. */
interface QueueBinding {
  sendBatch(messages: Iterable<{ body: unknown; contentType: "json" }>): Promise<unknown>;
}

/** Another Worker, as a service binding. */
interface ServiceBinding {
  fetch(
    url: string,
    init: { method: string; body: string; headers: Record<string, string> },
  ): Promise<{ ok: boolean; status: number; body: { cancel(): Promise<void> } | null }>;
}

/** "Limits" of Cloudflare Queues: messages and bytes of one batch. */
const BATCH = { messages: 100, bytes: 200_000 } as const;

/** `arn:cloudflare:queues:::NAME`, the ARN of a queue binding, or null. */
function bindingOfQueue(arn: string): string | null {
  const parsed = parseArn(arn);
  return parsed?.partition === "cloudflare" && parsed.service === "queues" ? parsed.resource : null;
}

/** The function that `arn:aws:lambda:REGION:ACCOUNT:function:NAME` names, with or without a version, or null. */
function functionName(arn: string): string | null {
  const parsed = parseArn(arn);
  return parsed?.service === "lambda" ? (/^function:([\w-]{1,64})(?::|$)/.exec(parsed.resource)?.[1] ?? null) : null;
}

/**
 * A queue binding of the Worker, or a Worker that a service binding leads to: what `arn:cloudflare:queues:::JOBS` and a function's ARN
 * name. `functions`: bindings of functions by their names. Null: the ARN is of neither kind. Throws `TargetRefused` where there is no such
 * binding.
 */
export function openOutside(
  env: Readonly<Record<string, unknown>>,
  functions: ReadonlyMap<string, string>,
  arn: string,
): Target | null {
  const queue = bindingOfQueue(arn);
  if (queue !== null) return openBinding(env[queue]);
  const name = functionName(arn);
  return name === null ? null : openFunction(env[functions.get(name) ?? ""]);
}

function openBinding(binding: unknown): Target {
  if (!isQueue(binding)) throw new TargetRefused("The destination queue does not exist");
  return {
    kind: "outside",
    async send(messages) {
      for (const some of batches(messages)) {
        await binding.sendBatch(some.map((text) => ({ body: JSON.parse(text), contentType: "json" })));
      }
    },
  };
}

function batches(messages: readonly string[]): string[][] {
  const all: string[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const text of messages) {
    const last = all.at(-1);
    if (last === undefined || last.length === BATCH.messages || bytes + text.length > BATCH.bytes) {
      all.push([text]);
      bytes = text.length;
    } else {
      last.push(text);
      bytes += text.length;
    }
  }
  return all;
}

function openFunction(binding: unknown): Target {
  if (!isService(binding)) throw new TargetRefused("The destination Lambda function does not exist");
  return {
    kind: "outside",
    async send(messages) {
      for (const body of messages) {
        const headers = { "content-type": "application/json" };
        const answer = await binding.fetch("https://function/", { method: "POST", body, headers });
        await answer.body?.cancel();
        if (!answer.ok) throw new Error(`the function answered ${answer.status}`);
      }
    },
  };
}

function isQueue(binding: unknown): binding is QueueBinding {
  return typeof binding === "object" && binding !== null && "sendBatch" in binding;
}

function isService(binding: unknown): binding is ServiceBinding {
  return typeof binding === "object" && binding !== null && "fetch" in binding;
}
