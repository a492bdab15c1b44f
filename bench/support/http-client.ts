import { strict as assert } from "node:assert";
import { Buffer } from "node:buffer";
import { HttpConnection } from "./http-connection.ts";

/** A request that is ready to go: signed, if it must be. Paths are sent as they are. */
export interface PreparedRequest {
  method: string;
  /** Absolute, http only. */
  url: string;
  /** Content-Length among them where there is a body. */
  headers?: Record<string, string>;
  body?: Uint8Array;
}

export interface Answer {
  status: number;
  bodyBytes: number;
  /** The beginning of the body where no body was expected: an error document. */
  text: string;
  /** From the first byte of the request to the last one of the answer. */
  ms: number;
}

/**
 * A client that keeps its connections alive and does as little as it can, so that what is measured is the server: of 64 MiB
 * over the loopback, `node:http` takes as long to read them as workerd to send them.
 */
export class BenchClient {
  readonly #idle = new Map<string, HttpConnection[]>();

  /**
   * Sends a request and reads the answer to its end. With `expectedBody` each piece is compared as it comes, and a
   * difference rejects. Rejects where the connection breaks; any status resolves.
   */
  async send(prepared: PreparedRequest, expectedBody?: Uint8Array): Promise<Answer> {
    const [, host = "", path = ""] = /^http:\/\/([^/]+)(\/.*)$/.exec(prepared.url) ?? [];
    const connection = this.#idleConnection(host) ?? (await HttpConnection.open(host));
    const { method, headers = {}, body } = prepared;
    const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`, "latin1");
    const startedMs = performance.now();
    const answer = await connection.exchange({ head, body, isHead: method === "HEAD", expectedBody });
    const ms = performance.now() - startedMs;
    this.#idle.set(host, [...(this.#idle.get(host) ?? []), connection]);
    return { ...answer, ms };
  }

  /** As `send`, but any other status than 200 or 204 rejects. */
  async expect(prepared: PreparedRequest, expectedBody?: Uint8Array): Promise<Answer> {
    const answer = await this.send(prepared, expectedBody);
    assert.ok(
      answer.status === 200 || answer.status === 204,
      `${prepared.method} ${prepared.url} was answered ${answer.status}: ${answer.text}`,
    );
    return answer;
  }

  /** The server may have closed some of them meanwhile. */
  #idleConnection(host: string): HttpConnection | undefined {
    const open = (this.#idle.get(host) ?? []).filter((connection) => connection.isOpen);
    this.#idle.set(host, open);
    return open.pop();
  }

  close(): void {
    for (const connections of this.#idle.values()) for (const connection of connections) connection.close();
  }
}
