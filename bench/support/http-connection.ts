import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";

export interface Exchange {
  /** Request line and headers, with the empty line after them. */
  head: Uint8Array;
  body: Uint8Array | undefined;
  /** Whether the method is HEAD: the answer has no body. */
  isHead: boolean;
  /** What the body of an answer of status 200 must be. */
  expectedBody: Uint8Array | undefined;
}

export interface ExchangeResult {
  status: number;
  bodyBytes: number;
  text: string;
}

const READ_BYTES = 1024 * 1024;
const TEXT_BYTES_MAX = 4096;

/**
 * One HTTP/1.1 connection, one request at a time. All reads go into one buffer and are compared there. Understands just what
 * is needed: answers with Content-Length, or without a body; anything else rejects.
 */
export class HttpConnection {
  readonly #socket: Socket;
  #current: AnswerReader | null = null;
  #isBroken = false;

  private constructor(host: string) {
    const { hostname, port } = new URL(`http://${host}`);
    const onread = {
      buffer: new Uint8Array(READ_BYTES),
      callback: (bytes: number, buffer: Uint8Array) => {
        this.#current?.take(Buffer.from(buffer.buffer, buffer.byteOffset, bytes));
        return true;
      },
    };
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true, onread });
    this.#socket.once("close", () => this.#broken(new Error("the server closed the connection")));
    this.#socket.on("error", (error) => this.#broken(error));
  }

  static open(host: string): Promise<HttpConnection> {
    const connection = new HttpConnection(host);
    return new Promise((resolve, reject) => {
      connection.#socket.once("connect", () => resolve(connection));
      connection.#socket.once("error", reject);
    });
  }

  get isOpen(): boolean {
    return !this.#isBroken;
  }

  exchange({ head, body, isHead, expectedBody }: Exchange): Promise<ExchangeResult> {
    return new Promise<ExchangeResult>((resolve, reject) => {
      this.#current = new AnswerReader({ isHead, expectedBody, resolve, reject });
      this.#socket.cork();
      this.#socket.write(head);
      if (body) this.#socket.write(body);
      this.#socket.uncork();
    }).catch((error: unknown) => {
      this.close();
      throw error;
    });
  }

  close(): void {
    this.#isBroken = true;
    this.#socket.destroy();
  }

  #broken(error: Error): void {
    this.#isBroken = true;
    this.#current?.fail(error);
  }
}

interface Expectation extends Pick<Exchange, "isHead" | "expectedBody"> {
  resolve(result: ExchangeResult): void;
  reject(error: Error): void;
}

class AnswerReader {
  readonly #expectation: Expectation;
  /** The answer's head as far as it has come; null once it is whole. */
  #head: string | null = "";
  #status = 0;
  #leftBytes = 0;
  #bodyBytes = 0;
  #text = "";

  constructor(expectation: Expectation) {
    this.#expectation = expectation;
  }

  fail(error: Error): void {
    this.#expectation.reject(error);
  }

  take(bytes: Buffer): void {
    let body = bytes;
    if (this.#head !== null) {
      const beforeBytes = this.#head.length;
      this.#head += bytes.toString("latin1");
      const end = this.#head.indexOf("\r\n\r\n");
      if (end < 0) return;
      body = bytes.subarray(end + 4 - beforeBytes);
      this.#begin(this.#head.slice(0, end));
      this.#head = null;
    }
    this.#takeBody(body);
  }

  #begin(head: string): void {
    this.#status = Number(head.slice("HTTP/1.1 ".length, "HTTP/1.1 200".length));
    const length = /^content-length: *(\d+)$/im.exec(head)?.[1];
    const isBodiless = this.#expectation.isHead || this.#status === 204 || this.#status === 304;
    if (isBodiless) this.#leftBytes = 0;
    else if (length !== undefined) this.#leftBytes = Number(length);
    else this.fail(new Error(`an answer without Content-Length:\n${head}`));
  }

  #takeBody(bytes: Buffer): void {
    const { expectedBody: expected, resolve } = this.#expectation;
    if (bytes.length > this.#leftBytes) this.fail(new Error("bytes behind the end of the answer"));
    if (expected && this.#status === 200) {
      const isRight = bytes.equals(expected.subarray(this.#bodyBytes, this.#bodyBytes + bytes.length));
      if (!isRight) this.fail(new Error(`wrong bytes in the ${bytes.length} from offset ${this.#bodyBytes}`));
    } else if (this.#text.length < TEXT_BYTES_MAX) this.#text += bytes.toString("latin1", 0, TEXT_BYTES_MAX);
    this.#bodyBytes += bytes.length;
    this.#leftBytes -= bytes.length;
    if (this.#leftBytes > 0) return;
    if (expected && this.#status === 200 && this.#bodyBytes !== expected.length) {
      this.fail(new Error(`${this.#bodyBytes} bytes where ${expected.length} were expected`));
    } else resolve({ status: this.#status, bodyBytes: this.#bodyBytes, text: this.#text });
  }
}
