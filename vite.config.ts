import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { playwright } from "@vitest/browser-playwright";
import { defaultClientConditions, defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";
import type { BrowserProviderOption } from "vitest/node";
import { firefox } from "./scripts/firefox.ts";
import { findChromium } from "./scripts/programs.ts";
import { encryptedKey, findSecret, heapBytes } from "./sdk/test/browser-commands.ts";

// Packages resolve to each other's source, so that tests and development need no build.
const source = "@circles/source";
// Inherited by worker threads and used for child processes: plain Node 20 cannot load TypeScript.
const fromSource = ["--import", new URL("./scripts/typescript.mjs", import.meta.url).href, `--conditions=${source}`];

export default defineConfig({
  resolve: { conditions: [source, ...defaultClientConditions] },
  ssr: { resolve: { conditions: [source, ...defaultServerConditions] } },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "node",
          include: ["{sdk,relay}/**/*.test.ts", "demo-app/src/**/*.test.ts"],
          exclude: ["**/node_modules/**", "**/dist/**", "**/*.browser.test.ts"],
          pool: "forks",
          execArgv: fromSource,
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "demo",
          include: ["demo-app/test/*.test.ts"],
          globalSetup: ["demo-app/test/build-page.ts"],
          pool: "forks",
          execArgv: fromSource,
          testTimeout: 60_000,
          // After the others: each file has browsers and a relay of its own.
          sequence: { groupOrder: 1 },
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        // Found by Vite only while tests run already, which it would reload then.
        optimizeDeps: { include: ["@noble/ciphers/chacha.js", "@noble/hashes/scrypt.js"] },
        test: {
          name: "chromium",
          include: ["{sdk,demo-app}/**/*.browser.test.ts"],
          globalSetup: ["relay/test/relay-for-browsers.ts"],
          browser: {
            ...(await inBrowser(
              "chromium",
              playwright({ launchOptions: { executablePath: findChromium() ?? "chromium" } }),
            )),
            commands: { encryptedKey, findSecret, heapBytes },
          },
        },
      },
      // npm run test:firefox; there not everybody has one.
      ...(process.env.CIRCLES_FIREFOX
        ? [
            {
              extends: true as const,
              test: {
                name: "firefox",
                include: ["sdk/test/{behaviour,circle}.browser.test.ts"],
                globalSetup: ["relay/test/relay-for-browsers.ts"],
                browser: await inBrowser("firefox", firefox()),
              },
            },
          ]
        : []),
    ],
  },
});

async function inBrowser(browser: "chromium" | "firefox", provider: BrowserProviderOption) {
  return {
    enabled: true,
    headless: true,
    screenshotFailures: false,
    provider,
    instances: [{ browser }],
    // Chosen here, because the relay has to be told the pages' origin before anything listens at it.
    api: { host: "127.0.0.1", port: await findFreePort(), strictPort: true },
  };
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
