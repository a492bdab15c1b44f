import { join } from "node:path";
import { Log, LogLevel, Miniflare } from "miniflare";
import { bundleWorker } from "../../../local/build/bundle.ts";
import { compatibilityDate, compatibilityFlags } from "../../../local/compatibility.ts";
import { applyMigrations } from "../../../local/migrations.ts";
import { type SignerInput, signRequest } from "../../support/signer.ts";

const root = join(import.meta.dirname, "../../..");
const KEY = { accessKeyId: "SHERDTESTKEYID000000", secret: "a/secret+of/the+tests/that/is/forty/long" };

/** The Worker on the simulated platform: six R2 buckets, one KV namespace, D1 and cron. */
export interface Cloudflare {
  /** What the Worker logged so far. */
  readonly log: readonly string[];
  request(method: string, path: string, body?: Uint8Array): Promise<Response>;
  own<Answer>(method: string, page: string): Promise<Answer>;
  /** What the cron trigger does. */
  cron(): Promise<void>;
  /** As a wrong lifecycle rule does. */
  emptyBucket(binding: string): Promise<number>;
  stop(): Promise<void>;
}

export async function startCloudflare(): Promise<Cloudflare> {
  const worker = await bundleWorker(join(root, "src/index.ts"));
  const names = [1, 2, 3, 4, 5, 6].map((n) => `r2-${n}`);
  const drives = names.map((name, index) => ({ name, type: "r2", binding: `DRIVE_${index + 1}` }));
  const variables = {
    SHERD_DRIVES: JSON.stringify(drives),
    SHERD_ACCESS_KEY_ID: KEY.accessKeyId,
    SHERD_SECRET_ACCESS_KEY: KEY.secret,
  };
  const log: string[] = [];
  const miniflare = new Miniflare({
    host: "127.0.0.1",
    port: 0,
    cf: false,
    enableDevRegistry: false,
    log: new Log(LogLevel.NONE),
    logRequests: false,
    handleStructuredLogs: ({ message }: { message: string }) => log.push(message),
    workers: [
      {
        config: {
          name: "sherd",
          compatibilityDate,
          compatibilityFlags,
          manifest: {
            mainModule: worker.entry,
            modules: {
              [worker.entry]: { type: "esm", contents: worker.script },
              ...Object.fromEntries([...worker.wasm].map(([name, contents]) => [name, { type: "wasm", contents }])),
            },
          },
          env: {
            DB: { type: "d1", id: "sherd" },
            ...Object.fromEntries(drives.map(({ name, binding }) => [binding, { type: "r2", name }])),
            ...Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, { type: "text", value }])),
          },
        },
        dev: { cacheAPI: false },
      },
    ],
  } as ConstructorParameters<typeof Miniflare>[0]);
  const entry = (await miniflare.ready).origin;
  const database = (await miniflare.getD1Database("DB")) as unknown as D1Database;
  await applyMigrations(database, join(root, "migrations"));
  const request = (method: string, path: string, body?: Uint8Array) => {
    const input: SignerInput = { method, url: entry + path, nowMs: Date.now(), ...KEY, ...(body ? { body } : {}) };
    const signed = signRequest(input);
    return fetch(signed.url, {
      method,
      headers: signed.headers,
      ...(body ? { body: body as Uint8Array<ArrayBuffer> } : {}),
    });
  };
  return {
    log,
    request,
    async own(method, page) {
      const authorization = `Basic ${Buffer.from(`${KEY.accessKeyId}:${KEY.secret}`).toString("base64")}`;
      const headers = { authorization, "x-sherd-confirm": "yes" };
      const response = await fetch(`${entry}/-/${page}`, { method, headers });
      if (response.status !== 200) throw new Error(`${page}: ${response.status} ${await response.text()}`);
      return (await response.json()) as never;
    },
    async cron() {
      const { outcome } = await (await miniflare.getWorker()).scheduled({
        cron: "*/5 * * * *",
        scheduledTime: new Date(),
      });
      if (outcome !== "ok") throw new Error(`outcome ${outcome}`);
    },
    async emptyBucket(binding) {
      const bucket = await miniflare.getR2Bucket(binding);
      const { objects } = await bucket.list();
      await bucket.delete(objects.map(({ key }) => key));
      return objects.length;
    },
    stop: () => miniflare.dispose(),
  };
}
