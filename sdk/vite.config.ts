import { defineConfig } from "vite";

// The whole SDK in one file, for pages without a bundler: <script src="circles.min.js"> makes the global `circles`.
export default defineConfig({
  resolve: { conditions: ["@circles/source", "browser"] },
  build: {
    emptyOutDir: false,
    sourcemap: true,
    lib: { entry: "src/index.ts", name: "circles", formats: ["iife"], fileName: () => "circles.min.js" },
  },
});
