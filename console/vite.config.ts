import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Everything is served from the same origin below /-/console, under a policy that allows no inline script and no inline style.
export default defineConfig({
  base: "/-/console/",
  plugins: [react()],
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
    reportCompressedSize: false,
    // It compiles WebAssembly when it is imported, whether that is used or not, which the policy forbids.
    rollupOptions: { treeshake: { moduleSideEffects: (id) => !id.includes("/hyparquet-compressors/") } },
  },
  server: { proxy: { "^(?!/-/console/)": "http://127.0.0.1:9000" } },
});
