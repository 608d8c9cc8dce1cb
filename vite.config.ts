import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";

// Packages resolve to each other's source, so that tests and development need no build.
const source = "@circles/source";

export default defineConfig({
  resolve: { conditions: [source, "module", "browser", "development|production"] },
  ssr: { resolve: { conditions: [source, "module", "node", "development|production"] } },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "node",
          include: ["{sdk,relay}/**/*.test.ts", "scripts/**/*.test.ts"],
          exclude: ["**/node_modules/**", "**/dist/**", "**/*.browser.test.ts"],
          pool: "forks",
          // Inherited by worker threads and used for child processes: plain Node 20 cannot load TypeScript.
          execArgv: ["--import", new URL("./scripts/typescript.mjs", import.meta.url).href, `--conditions=${source}`],
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "chromium",
          include: ["{sdk,relay,demo-app}/**/*.browser.test.ts"],
          globalSetup: ["relay/test/relay-for-browsers.ts"],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: { executablePath: process.env.CIRCLES_CHROMIUM ?? "/usr/bin/chromium" },
            }),
            instances: [{ browser: "chromium" }],
          },
        },
      },
    ],
  },
});
