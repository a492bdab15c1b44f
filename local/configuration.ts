import { openMetadata } from "../src/metadata/open.ts";
import { readConfiguration } from "../src/store/configuration.ts";
import { StartError } from "./start-error.ts";

/** Bindings that the Worker will have, by name. */
export interface Bindings {
  disks: readonly string[];
  databases: readonly string[];
}

/** Throws a `StartError` that says what to mend where the Worker could not work with these variables. */
export function requireUsable(vars: Readonly<Record<string, string>>, { disks, databases }: Bindings): void {
  const notYet = () => {
    throw new Error("there is no Worker yet");
  };
  const env = {
    ...Object.fromEntries(disks.map((name) => [name, { fetch: notYet }])),
    ...Object.fromEntries(databases.map((name) => [name, { prepare: notYet }])),
    ...vars,
  };
  try {
    readConfiguration(env);
    openMetadata(env, () => {});
  } catch (error) {
    throw new StartError(`the configuration cannot be used: ${error instanceof Error ? error.message : error}`);
  }
}
