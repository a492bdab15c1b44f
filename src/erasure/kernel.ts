/** What kernel.wasm exports (see assembly/kernel.ts). Addresses and lengths are bytes; 64-bit values are signed bigints. */
export interface Kernel {
  initialise(): void;
  frameStride(frames: number): number;
  encode(k: number, m: number, base: number, blockBytes: number): void;
  seal(k: number, m: number, base: number, blockBytes: number, dataBytes: number): bigint;
  solve(k: number, m: number, base: number, blockBytes: number, lost: number): void;
  row(row: number, k: number, m: number, base: number, blockBytes: number): void;
  crc32(address: number, bytes: number, crc: number): number;
  crc32c(address: number, bytes: number, crc: number): number;
  crc64nvme(address: number, bytes: number, crc: bigint): bigint;
  /** `blocks` blocks of 64 bytes of each of `lanes` (1 to 8) messages; MD5_LANES holds addresses, see assembly/memory.ts. */
  md5(lanes: number, blocks: number): void;
  /** `stripes` of 32 bytes into the lanes at XXH_STATE. */
  xxh64(address: number, stripes: number): void;
  /** `stripes` of 64 bytes into the accumulators at XXH_STATE; takes and gives how many stripes of a block are done. */
  xxh3(address: number, stripes: number, done: number): number;
  xxh3Last(address: number): void;
  readonly IDENTITY: WebAssembly.Global;
  readonly INPUT: WebAssembly.Global;
  readonly INPUT_BYTES: WebAssembly.Global;
  readonly MD5_LANES: WebAssembly.Global;
  readonly MD5_PAGES: WebAssembly.Global;
  readonly MD5_STATES: WebAssembly.Global;
  readonly PLAN: WebAssembly.Global;
  readonly SLOT_BYTES: WebAssembly.Global;
  readonly SLOTS: WebAssembly.Global;
  readonly XXH_SECRET: WebAssembly.Global;
  readonly XXH_STATE: WebAssembly.Global;
}

/** A kernel and its memory, which never grows: views of it stay valid. */
export interface KernelInstance {
  readonly kernel: Kernel;
  readonly memory: Uint8Array;
}

const PAGE_BYTES = 65_536;
/** Where the slots begin; asserted against the kernel's own constant. */
const SLOTS_AT = 5_308_416;
const SLOT_BYTES = 2_097_152;

/** Instantiates `module` with memory for `slots` stripes besides the one that reconstruction works in. */
export async function instantiateKernel(module: WebAssembly.Module, slots: number): Promise<KernelInstance> {
  const pages = (SLOTS_AT + (slots + 1) * SLOT_BYTES) / PAGE_BYTES;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  const kernel = instance.exports as unknown as Kernel;
  if (kernel.SLOTS.value !== SLOTS_AT || kernel.SLOT_BYTES.value !== SLOT_BYTES)
    throw new Error("kernel.wasm is stale");
  kernel.initialise();
  return { kernel, memory: new Uint8Array(memory.buffer) };
}
