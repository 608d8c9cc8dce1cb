import { once } from "node:events";
import { copyFileSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { build as bundle } from "esbuild";
import { chromium } from "playwright";
import { build } from "vite";
import { withPackedRelay } from "./packed-relay.ts";
import { findChromium } from "./programs.ts";

const TYPES: Readonly<Record<string, string>> = { ".js": "text/javascript", ".map": "application/json" };
const module = (path: string) => `<script type="module" src="/${path}"></script>`;

/** Ways in which somebody's page may come to the SDK: each makes its files in a folder, and answers what the page holds. */
const PAGES: Readonly<Record<string, (project: string) => Promise<string>>> = {
  "a page bundled by Vite": async (project) => {
    await bundleByVite(project, "page");
    return module("dist/page.js");
  },
  "a page bundled by esbuild": async (project) => {
    const [entry, outfile] = [join(project, "page.js"), join(project, "dist/esbuild.js")];
    await bundle({ entryPoints: [entry], outfile, bundle: true, minify: true, format: "esm", logLevel: "warning" });
    return module("dist/esbuild.js");
  },
  "a page with a script tag": async (project) => {
    copyFileSync(join(project, "node_modules/@circles/sdk/dist/circles.min.js"), join(project, "dist/circles.min.js"));
    return `<script src="/dist/circles.min.js"></script>${module("tag.js")}`;
  },
  "a page with a vault, bundled by Vite": async (project) => {
    await bundleByVite(project, "vault");
    return module("dist/vault.js");
  },
};

/** Opens each of these pages in Chromium, where it plays at an installed relay. @throws if one does not show its answer. */
export async function playFromPages(project: string, say: (sentence: string) => void): Promise<void> {
  const bodies = new Map<string, string>();
  for (const [name, make] of Object.entries(PAGES)) bodies.set(name, await make(project));
  const site = createServer(({ url = "/" }, response) => {
    const { pathname, searchParams } = new URL(url, "http://localhost");
    response.setHeader("content-security-policy", "default-src 'self'; connect-src ws:; img-src data:");
    const body = bodies.get(searchParams.get("page") ?? "");
    if (body !== undefined) {
      response.setHeader("content-type", "text/html");
      response.end(`<!doctype html><title>Circles</title><link rel="icon" href="data:,"><body>${body}`);
      return;
    }
    response.setHeader("content-type", TYPES[extname(pathname)] ?? "text/plain");
    response.end(readFileSync(join(project, normalize(pathname))));
  }).listen(0, "localhost");
  await once(site, "listening");
  const origin = `http://localhost:${(site.address() as AddressInfo).port}`;
  const browser = await chromium.launch({ executablePath: findChromium() ?? "chromium" });
  try {
    await withPackedRelay({ project, flags: ["--allow-origin", origin] }, async (url) => {
      for (const name of bodies.keys()) {
        const page = await browser.newPage();
        page.on("pageerror", (error) => process.stderr.write(`${name}: ${error.stack}\n`));
        page.on("console", (message) => process.stderr.write(`${name}: ${message.text()}\n`));
        await page.goto(`${origin}/?page=${encodeURIComponent(name)}#${url}`);
        await page.getByText("The answer is 42.").waitFor({ timeout: 10_000 });
        await page.close();
        say(`${name} plays in Chromium`);
      }
    });
  } finally {
    await browser.close();
    site.close();
  }
}

async function bundleByVite(project: string, name: string): Promise<void> {
  await build({
    root: project,
    base: "/dist/",
    configFile: false,
    logLevel: "warn",
    worker: { format: "es" },
    build: {
      emptyOutDir: false,
      rolldownOptions: { input: join(project, `${name}.js`), output: { entryFileNames: `${name}.js` } },
    },
  });
}
