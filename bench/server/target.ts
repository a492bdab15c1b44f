import { cpuTime } from "../support/process-usage.ts";
import type { Door } from "../support/signed-request.ts";

/** A server that is measured. */
export interface Target extends Door {
  name: string;
  /** Its processes on this machine; empty if they cannot be seen. */
  pids: readonly number[];
}

/** `NAME=URL,KEY,SECRET`. Throws an `Error` that says what is wrong, without the secret. */
export function parseTarget(text: string): Omit<Target, "pids"> {
  const [, name, url, accessKeyId, secretAccessKey] = /^([^=,]+)=([^,]+),([^,]+),(.+)$/.exec(text) ?? [];
  if (!name || !url || !accessKeyId || !secretAccessKey) {
    throw new Error(`--target takes NAME=URL,KEY,SECRET (given for "${text.split(/[=,]/)[0]}")`);
  }
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (!parsed || !/^https?:$/.test(parsed.protocol) || parsed.pathname !== "/" || parsed.search !== "") {
    throw new Error(`the URL of target "${name}" must be http:// or https://, a host and at most a port`);
  }
  return { name, endpoint: parsed.origin, accessKeyId, secretAccessKey };
}

/** Milliseconds of CPU that the target's processes have used; null if they cannot be seen. */
export function targetCpuMs({ pids }: Target): number | null {
  return cpuTime(pids)?.totalMs ?? null;
}
