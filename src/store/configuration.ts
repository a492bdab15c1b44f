import { type DriveSpec, parseDrives } from "../drives/config.ts";
import { requireEnoughDrives } from "./placement/placement.ts";
import { parseSettings, type StoreSettings } from "./settings.ts";

/** The Worker's variables, read and checked as a whole. */
export interface Configuration {
  settings: StoreSettings;
  drives: DriveSpec[];
}

/**
 * Reads the variables in `env`, which holds bindings and secrets too. Throws an `Error` that says
 * what to fix, without any secret.
 */
export function readConfiguration(env: Record<string, unknown>): Configuration {
  const settings = parseSettings(env);
  const drives = parseDrives(env.SHERD_DRIVES, env);
  requireEnoughDrives(drives, settings);
  return { settings, drives };
}

/** The variables that the message of such an error names. */
export function variablesIn(message: string): string[] {
  return [...new Set(message.match(/\bSHERD_[A-Z_]+\b/g))].sort();
}
