import { defaultClientConditions, defineConfig } from "vite";

export default defineConfig({
  base: "./", // the built page works at any address
  resolve: { conditions: ["@circles/source", ...defaultClientConditions] },
  server: { port: 5173, strictPort: true }, // the relay lets this origin in, no other
});
