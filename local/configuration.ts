import { openMetadata } from "../src/metadata/open.ts";
import { type Configuration, readConfiguration } from "../src/store/configuration.ts";
import { StartError } from "./start-error.ts";

/** Bindings that the Worker will have, by name. */
export interface Bindings {
  disks: readonly string[];
  databases: readonly string[];
}

/**
 * Reads the variables. Throws a `StartError` that says what to fix if the Worker cannot work with
 * them.
 */
export function requireUsable(vars: Readonly<Record<string, string>>, { disks, databases }: Bindings): Configuration {
  const notYet = () => {
    throw new Error("there is no Worker yet");
  };
  const env = {
    ...Object.fromEntries(disks.map((name) => [name, { fetch: notYet }])),
    ...Object.fromEntries(databases.map((name) => [name, { prepare: notYet }])),
    ...vars,
  };
  try {
    openMetadata(env, () => {});
    return readConfiguration(env);
  } catch (error) {
    throw new StartError(`the configuration cannot be used: ${error instanceof Error ? error.message : error}`);
  }
}
