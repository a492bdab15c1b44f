import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { ChunkedDecoder } from "./chunked-decoder.ts";

export interface Exchange {
  /** Request line and headers, with the empty line after them. */
  head: Uint8Array;
  body: Uint8Array | undefined;
  /** Whether the method is HEAD: the answer has no body. */
  isHead: boolean;
  /** What the body of an answer of status 200 or 206 must be. */
  expectedBody: Uint8Array | ExpectedBody | undefined;
}

/** A body that is not in memory as a whole. */
export interface ExpectedBody {
  length: number;
  /** Whether the body has these bytes there; `offset` + `bytes.length` is never beyond `length`. */
  holds(offset: number, bytes: Buffer): boolean;
}

export interface ExchangeResult {
  status: number;
  /** Names in lower case. */
  headers: Map<string, string>;
  bodyBytes: number;
  text: string;
}

const READ_BYTES = 1024 * 1024;
const SILENCE_MS_MAX = 120_000;

/** The server closed the connection before a byte of the answer came: it may never have seen the request. */
export class ClosedEarly extends Error {}

/**
 * One HTTP/1.1 connection, one request at a time. All reads go into one buffer and are compared there. Understands just what
 * is needed: answers with Content-Length, chunked, or without a body; anything else rejects, and so does a silence of two minutes.
 */
export class HttpConnection {
  readonly #socket: Socket;
  #current: AnswerReader | null = null;
  #isBroken = false;

  private constructor({ hostname, port, protocol }: URL) {
    const onread = {
      buffer: new Uint8Array(READ_BYTES),
      callback: (bytes: number, buffer: Uint8Array) => {
        this.#take(Buffer.from(buffer.buffer, buffer.byteOffset, bytes));
        return true;
      },
    };
    const isTls = protocol === "https:";
    // In URLs, IPv6 addresses stand in brackets.
    const host = hostname.replace(/^\[|\]$/g, "");
    const options = { host, port: Number(port || (isTls ? 443 : 80)), noDelay: true, onread };
    this.#socket = isTls ? connectTls({ ...options, servername: host }) : connect(options);
    this.#socket.setTimeout(SILENCE_MS_MAX, () => this.#socket.destroy(new Error("the server is silent")));
    this.#socket.once("close", () => this.#broken(new ClosedEarly("the server closed the connection")));
    this.#socket.on("error", (error) => this.#broken(error));
  }

  /** `origin` is that of an http or https URL. */
  static open(origin: string): Promise<HttpConnection> {
    const url = new URL(origin);
    const connection = new HttpConnection(url);
    return new Promise((resolve, reject) => {
      connection.#socket.once(url.protocol === "https:" ? "secureConnect" : "connect", () => resolve(connection));
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

  #take(bytes: Buffer): void {
    try {
      this.#current?.take(bytes);
    } catch (error) {
      this.#broken(error as Error);
    }
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

const TEXT_BYTES_MAX = 4 * 1024 * 1024;

class AnswerReader {
  readonly #expectation: Expectation;
  /** The answer's head as far as it has come; null once it is whole. */
  #head: string | null = "";
  #status = 0;
  #headers = new Map<string, string>();
  #chunked: ChunkedDecoder | null = null;
  #leftBytes = 0;
  #bodyBytes = 0;
  #text = "";

  constructor(expectation: Expectation) {
    this.#expectation = expectation;
  }

  fail(error: Error): void {
    const isEarly = error instanceof ClosedEarly && this.#head === "";
    this.#expectation.reject(isEarly ? error : new Error(error.message, { cause: error }));
  }

  /** Throws where the answer is not what it must be. */
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
    if (this.#chunked) {
      this.#chunked.take(body);
      if (this.#chunked.isDone) this.#end();
    } else {
      if (body.length > this.#leftBytes) throw new Error("bytes behind the end of the answer");
      this.#leftBytes -= body.length;
      this.#takeBody(body);
      if (this.#leftBytes === 0) this.#end();
    }
  }

  #begin(head: string): void {
    const [line = "", ...fields] = head.split("\r\n");
    this.#status = Number(line.slice("HTTP/1.1 ".length, "HTTP/1.1 200".length));
    for (const field of fields) {
      const colon = field.indexOf(":");
      this.#headers.set(field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim());
    }
    const isBodiless = this.#expectation.isHead || this.#status === 204 || this.#status === 304;
    const length = this.#headers.get("content-length");
    if (isBodiless) this.#leftBytes = 0;
    else if (this.#headers.get("transfer-encoding")?.toLowerCase() === "chunked") {
      this.#chunked = new ChunkedDecoder((data) => this.#takeBody(data));
    } else if (length !== undefined) this.#leftBytes = Number(length);
    else throw new Error(`an answer without a length:\n${head}`);
  }

  /** The body that is compared, rather than kept as text. */
  #expected(): Uint8Array | ExpectedBody | null {
    return this.#status === 200 || this.#status === 206 ? (this.#expectation.expectedBody ?? null) : null;
  }

  #takeBody(bytes: Buffer): void {
    const expected = this.#expected();
    const offset = this.#bodyBytes;
    this.#bodyBytes += bytes.length;
    if (expected === null) {
      if (this.#text.length < TEXT_BYTES_MAX) this.#text += bytes.toString("latin1");
      return;
    }
    if (this.#bodyBytes > expected.length) throw new Error(`more than the ${expected.length} bytes expected`);
    const isRight =
      expected instanceof Uint8Array
        ? bytes.equals(expected.subarray(offset, offset + bytes.length))
        : expected.holds(offset, bytes);
    if (!isRight) throw new Error(`wrong bytes in the ${bytes.length} from offset ${offset}`);
  }

  #end(): void {
    const expected = this.#expected();
    if (expected && this.#bodyBytes !== expected.length) {
      throw new Error(`${this.#bodyBytes} bytes where ${expected.length} were expected`);
    }
    const { resolve } = this.#expectation;
    resolve({ status: this.#status, headers: this.#headers, bodyBytes: this.#bodyBytes, text: this.#text });
  }
}
