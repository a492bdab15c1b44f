import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { StartError, systemCode } from "./start-error.ts";

/**
 * Throws a StartError if the files are not a certificate and its private key in PEM: workerd would
 * end without an explanation.
 */
export async function requireTlsFiles({ certPath, keyPath }: { certPath: string; keyPath: string }): Promise<void> {
  const cert = await parse("--tls-cert", certPath, (text) => new X509Certificate(text));
  const key = await parse("--tls-key", keyPath, (text) => createPrivateKey(text));
  if (!cert.checkPrivateKey(key)) throw new StartError(`${keyPath} is not the key of the certificate ${certPath}`);
}

async function parse<Parsed>(option: string, path: string, parsed: (text: Buffer) => Parsed): Promise<Parsed> {
  let text: Buffer;
  try {
    text = await readFile(path);
  } catch (error) {
    throw new StartError(`${option}: cannot read ${path} (${systemCode(error) ?? error})`);
  }
  try {
    return parsed(text);
  } catch {
    const what = option === "--tls-cert" ? "certificate" : "private key without a passphrase";
    throw new StartError(`${option}: ${path} is no ${what} in PEM`);
  }
}
