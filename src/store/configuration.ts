import { type DriveSpec, parseDrives } from "../drives/config.ts";
import { requireEnoughDrives } from "./placement/placement.ts";
import { parseSettings, type StoreSettings } from "./settings.ts";

/** What the Worker's variables say, checked as a whole. */
export interface Configuration {
  settings: StoreSettings;
  drives: DriveSpec[];
}

/** Reads the variables in `env`, which holds bindings and secrets too. Throws an `Error` that says what to mend, and no secret. */
export function readConfiguration(env: Record<string, unknown>): Configuration {
  const settings = parseSettings(env);
  const drives = parseDrives(env.SHERD_DRIVES, env);
  requireEnoughDrives(drives, settings);
  return { settings, drives };
}

/** The variables that a message of such an error is about. */
export function variablesIn(message: string): string[] {
  return [...new Set(message.match(/\bSHERD_[A-Z_]+\b/g))].sort();
}
