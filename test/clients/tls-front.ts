import { mkdir, readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { createServer } from "node:tls";
import { attempt } from "./command.ts";

export interface TlsFront {
  readonly endpoint: string;
  /** Path of the certificate that a client has to trust. */
  readonly certificate: string;
  close(): Promise<void>;
}

/** Stands before a plain endpoint and speaks TLS with a certificate made for this run; undefined where openssl is missing. */
export async function startTlsFront(endpoint: string, folder: string): Promise<TlsFront | undefined> {
  await mkdir(folder, { recursive: true });
  const [keyPath, certificate] = [join(folder, "tls-key.pem"), join(folder, "tls-certificate.pem")];
  const made = await attempt([
    ...["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"],
    ...["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", keyPath, "-out", certificate],
  ]).catch(() => undefined);
  if (made?.code !== 0) return undefined;
  const target = new URL(endpoint);
  const open = new Set<Socket>();
  const server = createServer({ key: await readFile(keyPath), cert: await readFile(certificate) }, (inner) => {
    const outer = connect(Number(target.port), target.hostname);
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      open.add(from);
      from.on("close", () => open.delete(from));
      // Either side may break off; the other is told by the end of its stream.
      from.on("error", () => to.destroy());
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the TLS front has no port");
  return {
    endpoint: `https://127.0.0.1:${address.port}`,
    certificate,
    close: () => {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
