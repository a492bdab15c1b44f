import { strict as assert } from "node:assert";
import { Buffer } from "node:buffer";
import {
  ClosedEarly,
  type Exchange,
  type ExchangeResult,
  type ExpectedBody,
  HttpConnection,
} from "./http-connection.ts";

/** A request that is ready to go: signed, if it must be. Paths are sent as they are. */
export interface PreparedRequest {
  method: string;
  /** Absolute, http or https. */
  url: string;
  /** Content-Length among them if there is a body. */
  headers?: Record<string, string>;
  body?: Uint8Array;
}

export interface Answer {
  status: number;
  /** Names in lower case. */
  headers: Map<string, string>;
  bodyBytes: number;
  /** The body where none was expected, each byte a character: an error document, a listing. */
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
   * difference rejects. Rejects where the connection breaks; any status resolves. A server may close a connection that was idle
   * in the moment in which it is used again: such a request is sent once more, on a new one.
   */
  async send(prepared: PreparedRequest, expectedBody?: Uint8Array | ExpectedBody): Promise<Answer> {
    const [, origin = "", host = "", path = ""] = /^(https?:\/\/([^/?]+))(\/.*)$/.exec(prepared.url) ?? [];
    const { method, headers = {}, body } = prepared;
    const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`, "latin1");
    const exchange = { head, body, isHead: method === "HEAD", expectedBody };
    const idle = this.#idleConnection(origin);
    const again = (error: unknown): Promise<Answer> => {
      if (!idle || !(error instanceof ClosedEarly)) throw error;
      return this.#exchange(origin, exchange);
    };
    return this.#exchange(origin, exchange, idle).catch(again);
  }

  /** As `send`, but any other status than 200, 204 or 206 rejects. */
  async expect(prepared: PreparedRequest, expectedBody?: Uint8Array | ExpectedBody): Promise<Answer> {
    const answer = await this.send(prepared, expectedBody);
    assert.ok(
      [200, 204, 206].includes(answer.status),
      `${prepared.method} ${prepared.url} was answered ${answer.status}: ${answer.text.slice(0, 4096)}`,
    );
    return answer;
  }

  async #exchange(origin: string, exchange: Exchange, idle?: HttpConnection): Promise<Answer> {
    const connection = idle ?? (await HttpConnection.open(origin));
    const startedMs = performance.now();
    const answer: ExchangeResult = await connection.exchange(exchange);
    const ms = performance.now() - startedMs;
    if (answer.headers.get("connection")?.toLowerCase() === "close") connection.close();
    else this.#idle.set(origin, [...(this.#idle.get(origin) ?? []), connection]);
    return { ...answer, ms };
  }

  /** The server may have closed some of them meanwhile. */
  #idleConnection(origin: string): HttpConnection | undefined {
    const open = (this.#idle.get(origin) ?? []).filter((connection) => connection.isOpen);
    this.#idle.set(origin, open);
    return open.pop();
  }

  close(): void {
    for (const connections of this.#idle.values()) for (const connection of connections) connection.close();
  }
}
