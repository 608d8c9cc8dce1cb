import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Once before all tests of the page: builds it as `npm run build` does. In Vitest's process Vite would take itself to be developing. */
export default function buildPage(): void {
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  execFileSync("npx", ["vite", "build", "--logLevel", "error"], { cwd, env: { PATH: process.env.PATH } });
}
