/**
 * The part of `assemblyscript/asc` that is used. Its own types redefine the globals of the whole
 * program.
 */
interface Compiler {
  main(
    options: string[],
    host: {
      readFile(name: string): string | null;
      writeFile(name: string, contents: Uint8Array | string): void;
      listFiles(): string[];
    },
  ): Promise<{ error: Error | null; stderr: { toString(): string } }>;
}
const COMPILER: string = "assemblyscript/asc";

/** XOR of four blocks into a fifth, written as anyone would: what SIMD in WebAssembly allows at best. */
const SOURCE = `
export function sweep(k: usize, base: usize, stride: usize, bytes: usize): void {
  const a = base, b = base + stride, c = base + 2 * stride, d = base + 3 * stride, out = base + 4 * stride;
  for (let i: usize = 0; i < bytes; i += 64) {
    v128.store(out + i, v128.xor(v128.xor(v128.load(a + i), v128.load(b + i)), v128.xor(v128.load(c + i), v128.load(d + i))));
    v128.store(out + i, v128.xor(v128.xor(v128.load(a + i, 16), v128.load(b + i, 16)), v128.xor(v128.load(c + i, 16), v128.load(d + i, 16))), 16);
    v128.store(out + i, v128.xor(v128.xor(v128.load(a + i, 32), v128.load(b + i, 32)), v128.xor(v128.load(c + i, 32), v128.load(d + i, 32))), 32);
    v128.store(out + i, v128.xor(v128.xor(v128.load(a + i, 48), v128.load(b + i, 48)), v128.xor(v128.load(c + i, 48), v128.load(d + i, 48))), 48);
  }
}`;

/** The sweep as WebAssembly, with 2 MiB of memory. */
export async function compilePlainXor(): Promise<Uint8Array> {
  let binary: Uint8Array | null = null;
  const options = ["sweep.ts", "--outFile", "sweep.wasm", "--runtime", "stub", "--initialMemory", "32", "--noAssert"];
  const { default: asc } = (await import(COMPILER)) as { default: Compiler };
  const { error, stderr } = await asc.main([...options, "--enable", "simd", "--optimizeLevel", "3"], {
    readFile: (name) => (name === "sweep.ts" ? SOURCE : null),
    writeFile: (_name, contents) => {
      binary = contents as Uint8Array;
    },
    listFiles: () => [],
  });
  if (error) throw new Error(stderr.toString());
  return binary as unknown as Uint8Array;
}
