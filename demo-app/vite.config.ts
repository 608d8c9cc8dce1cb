import { defaultClientConditions, defineConfig } from "vite";

export default defineConfig({
  base: "./", // the built page works at any address
  resolve: { conditions: ["@circles/source", ...defaultClientConditions] },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  server: { port: 5173, strictPort: true }, // the relay lets this origin in, no other
  worker: { format: "es" },
  build: { outDir: "../relay/dist/demo", emptyOutDir: true }, // circles-relay --demo serves it
});
