/** The runtime compiles it; code must not. */
declare module "*.wasm" {
  const compiled: WebAssembly.Module;
  export default compiled;
}
