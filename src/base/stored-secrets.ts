/** A secret in Cloudflare's Secrets Store, as a binding gives it: https://developers.cloudflare.com/secrets-store/integrations/workers/ */
interface StoredSecret {
  get(): Promise<string>;
}

/** The names of all bindings in `env` that are secrets of the Secrets Store. Only those that begin with `SHERD_` are Sherd's own. */
export function storedSecretsIn(env: Record<string, unknown>): string[] {
  return Object.keys(env).filter((name) => name.startsWith("SHERD_") && isStoredSecret(env[name]));
}

/**
 * `env` with the text of each such secret in place of its binding. The secrets are asked for side by side, and anew at each call.
 * Throws an `Error` that names the binding, if its secret is missing or the Secrets Store does not answer.
 */
export async function readStoredSecrets<Env extends Record<string, unknown>>(env: Env): Promise<Env> {
  const names = storedSecretsIn(env);
  const texts = await Promise.all(names.map(async (name) => [name, await read(name, env[name] as StoredSecret)]));
  return { ...env, ...Object.fromEntries(texts) };
}

/**
 * Calls `build` with `env`, once, and returns its result to every call. If bindings are secrets of
 * the Secrets Store, each call reads them until one has built: no request may wait for what another
 * has begun. If a secret cannot be read, the call gets the result of `refuse`, and the next one
 * reads again.
 */
export function openOnce<Env extends Record<string, unknown>, Opened>(
  build: (env: Env) => Opened,
  refuse: (error: unknown) => Opened,
): (env: Env) => Opened | Promise<Opened> {
  let opened: Opened | undefined;
  const openWithSecrets = async (env: Env) => {
    try {
      const whole = await readStoredSecrets(env);
      opened ??= build(whole);
      return opened;
    } catch (error) {
      return refuse(error);
    }
  };
  return (env) => {
    if (opened === undefined && storedSecretsIn(env).length > 0) return openWithSecrets(env);
    opened ??= build(env);
    return opened;
  };
}

async function read(name: string, secret: StoredSecret): Promise<string> {
  try {
    return await secret.get();
  } catch (error) {
    throw new Error(`${name}: the Secrets Store does not give this secret (${String(error)})`, { cause: error });
  }
}

/** Bindings that have a `get` too. */
const OTHER_BINDINGS = new Set(["KvNamespace", "R2Bucket", "DurableObjectNamespace"]);

/** Under `wrangler dev` a secret is a Fetcher, as the binding to another Worker is: a binding to a Worker would be taken for a secret. */
function isStoredSecret(value: unknown): value is StoredSecret {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return typeof (value as Partial<StoredSecret>).get === "function" && !OTHER_BINDINGS.has(value.constructor?.name);
}
