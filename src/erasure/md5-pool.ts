import { strict as assert } from "node:assert";
import type { KernelInstance } from "./kernel.ts";

/** Messages that one call of the kernel takes. */
const LANES = 8;
const LANE_ENTRY_BYTES = 8;
const STATE_BYTES = 16;
const STATE_START = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
const BLOCK_BYTES = 64;

const PAGE_BYTES = 32_768;
/** Room for the padding, and no page lies as far from a multiple of 4 KiB as its neighbours. */
const PAGE_STRIDE_BYTES = PAGE_BYTES + 2 * BLOCK_BYTES;
const PAGES = 128;
/** Each keeps at most one page that is not full: while all are open, hashing still frees pages. */
const MESSAGES_MAX = 48;
/** A message with this many full pages waits for no other, so the work left for the end of a body is bounded. */
const FULL_PAGES_MAX = 16;

/** What a message holds. It knows nothing of its `Md5`, which can therefore be forgotten. */
interface Message {
  readonly stateAt: number;
  /** Addresses of the pages that wait to be hashed, oldest first. */
  readonly fullPages: number[];
  /** The page that is being filled. */
  pageAt: number | null;
  /** In that page. */
  filledBytes: number;
  totalBytes: number;
}

/**
 * MD5 of several messages at once: the kernel hashes eight in less than twice the time of one. The bytes of each wait in pages of
 * the kernel's memory until all messages have a full one, or as many as the kernel has lanes; then these pages are hashed together.
 * Nothing is awaited, and a message that is alone is hashed as it comes.
 */
export class Md5Pool {
  readonly #instance: KernelInstance;
  /** Of the kernel's memory. */
  readonly #view: DataView;
  readonly #freePages: number[];
  readonly #freeStates: number[];
  /** Messages that have begun. */
  readonly #running = new Set<Message>();
  /** Those of them with a full page. */
  #ready = 0;
  /** A runtime may drop a request in the middle of an await, and no code of ours runs then; see `StripePool`. */
  readonly #dropped = new FinalizationRegistry<Message>((message) => this.#close(message));

  constructor(instance: KernelInstance) {
    this.#instance = instance;
    this.#view = new DataView(instance.memory.buffer);
    const { MD5_STATES, MD5_PAGES, SLOTS } = instance.kernel;
    const [statesAt, pagesAt] = [MD5_STATES.value as number, MD5_PAGES.value as number];
    assert.ok(statesAt + MESSAGES_MAX * STATE_BYTES <= pagesAt);
    assert.ok(pagesAt + PAGES * PAGE_STRIDE_BYTES <= (SLOTS.value as number));
    this.#freeStates = Array.from({ length: MESSAGES_MAX }, (_, state) => statesAt + state * STATE_BYTES);
    this.#freePages = Array.from({ length: PAGES }, (_, page) => pagesAt + page * PAGE_STRIDE_BYTES);
  }

  /** Messages that can be opened, and pages that nobody has. */
  get idle(): { readonly messages: number; readonly pages: number } {
    return { messages: this.#freeStates.length, pages: this.#freePages.length };
  }

  /** A new message, or null where too many are open. */
  open(): Md5 | null {
    const stateAt = this.#freeStates.pop();
    if (stateAt === undefined) return null;
    STATE_START.forEach((word, i) => {
      this.#view.setUint32(stateAt + 4 * i, word, true);
    });
    const message: Message = { stateAt, fullPages: [], pageAt: null, filledBytes: 0, totalBytes: 0 };
    const md5 = new Md5({
      update: (bytes) => this.#update(message, bytes),
      digest: () => this.#digest(message),
      close: () => {
        this.#dropped.unregister(message);
        this.#close(message);
      },
    });
    this.#dropped.register(md5, message, message);
    return md5;
  }

  #update(message: Message, bytes: Uint8Array): void {
    this.#running.add(message);
    for (let at = 0; at < bytes.length; ) {
      message.pageAt ??= this.#takePage();
      const length = Math.min(bytes.length - at, PAGE_BYTES - message.filledBytes);
      this.#instance.memory.set(bytes.subarray(at, at + length), message.pageAt + message.filledBytes);
      message.filledBytes += length;
      message.totalBytes += length;
      at += length;
      if (message.filledBytes === PAGE_BYTES) this.#endPage(message, message.pageAt);
    }
  }

  #endPage(message: Message, pageAt: number): void {
    message.pageAt = null;
    message.filledBytes = 0;
    if (message.fullPages.push(pageAt) === 1) this.#ready++;
    if (this.#ready >= Math.min(LANES, this.#running.size)) this.#hashPages();
    else if (message.fullPages.length >= FULL_PAGES_MAX) this.#hashPages(message);
  }

  #takePage(): number {
    if (this.#freePages.length === 0) this.#hashPages();
    const pageAt = this.#freePages.pop();
    assert.ok(pageAt !== undefined, "of all pages none is full");
    return pageAt;
  }

  /** Hashes a page of `first`, if given, and of as many others as there are lanes left, those with the most pages. */
  #hashPages(first?: Message): void {
    const others = [...this.#running].filter((other) => other !== first && other.fullPages.length > 0);
    if (others.length > LANES) others.sort((a, b) => b.fullPages.length - a.fullPages.length);
    const messages = (first ? [first, ...others] : others).slice(0, LANES);
    messages.forEach((message, lane) => {
      const pageAt = message.fullPages.shift() as number;
      if (message.fullPages.length === 0) this.#ready--;
      this.#setLane(lane, message.stateAt, pageAt);
      this.#freePages.push(pageAt);
    });
    this.#instance.kernel.md5(messages.length, PAGE_BYTES / BLOCK_BYTES);
  }

  #setLane(lane: number, stateAt: number, dataAt: number): void {
    const entry = (this.#instance.kernel.MD5_LANES.value as number) + lane * LANE_ENTRY_BYTES;
    this.#view.setUint32(entry, stateAt, true);
    this.#view.setUint32(entry + 4, dataAt, true);
  }

  #digest(message: Message): Uint8Array {
    while (message.fullPages.length > 0) this.#hashPages(message);
    message.pageAt ??= this.#takePage();
    const { stateAt, pageAt, filledBytes, totalBytes } = message;
    const { kernel, memory } = this.#instance;
    const paddedBytes = Math.ceil((filledBytes + 9) / BLOCK_BYTES) * BLOCK_BYTES;
    memory.fill(0, pageAt + filledBytes, pageAt + paddedBytes);
    memory[pageAt + filledBytes] = 0x80;
    this.#view.setBigUint64(pageAt + paddedBytes - 8, BigInt(totalBytes) * 8n, true);
    this.#setLane(0, stateAt, pageAt);
    kernel.md5(1, paddedBytes / BLOCK_BYTES);
    return memory.slice(stateAt, stateAt + STATE_BYTES);
  }

  /** Takes back what the message holds; what is not hashed yet never will be. */
  #close(message: Message): void {
    const { stateAt, fullPages, pageAt } = message;
    this.#running.delete(message);
    if (fullPages.length > 0) this.#ready--;
    this.#freePages.push(...fullPages, ...(pageAt === null ? [] : [pageAt]));
    this.#freeStates.push(stateAt);
  }
}

interface Handle {
  update(bytes: Uint8Array): void;
  digest(): Uint8Array;
  close(): void;
}

/** One message of an `Md5Pool`. It holds memory until `digest` or `release`; one that is forgotten is taken back. */
export class Md5 {
  #handle: Handle | null;

  /** For the pool. */
  constructor(handle: Handle) {
    this.#handle = handle;
  }

  update(bytes: Uint8Array): void {
    assert.ok(this.#handle !== null, "MD5 of a message that has ended");
    this.#handle.update(bytes);
  }

  /** The 16 bytes; ends the message. */
  digest(): Uint8Array {
    assert.ok(this.#handle !== null, "MD5 of a message that has ended");
    const digest = this.#handle.digest();
    this.release();
    return digest;
  }

  /** Ends the message without its MD5. After the end it does nothing. */
  release(): void {
    this.#handle?.close();
    this.#handle = null;
  }
}
