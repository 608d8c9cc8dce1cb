// Packs both packages as they would be published, installs them where nothing else is, and uses them there.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { chromium } from "playwright";
import { build } from "vite";
import { withPackedRelay } from "./packed-relay.ts";
import { findChromium } from "./programs.ts";

const NODE_MAJORS = [20, 22, 24];
/** What connecting and playing may cost a page, minified and gzipped. */
const MOST_BUNDLE_BYTES = 15_000;

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "circles-packed-"));
/** Somebody else's project: it has the two packages and `consumer/`, and nothing of this repository. */
const project = join(folder, "project");

try {
  install();
  say("both packages install in an empty folder");
  typecheck();
  say("a program type-checks against the packed declarations");
  say(`npx circles-relay --version says ${run("npx", ["--no", "--", "circles-relay", "--version"]).trim()}`);
  for (const major of NODE_MAJORS) {
    const node = run("npx", ["--yes", "--package", `node@${major}`, "node", "-p", "process.execPath"]).trim();
    await playFromNode(node);
    say(`relay and SDK play in Node ${run(node, ["--version"]).trim()}`);
  }
  const bundle = await bundlePage();
  const gzippedBytes = gzipSync(bundle, { level: 9 }).length;
  say(`a page that connects and plays has ${bundle.length} bytes minified, ${gzippedBytes} gzipped`);
  if (gzippedBytes > MOST_BUNDLE_BYTES) {
    throw new Error(`bundle: expected at most ${MOST_BUNDLE_BYTES} bytes gzipped, got ${gzippedBytes}`);
  }
  await playFromPage(bundle);
  say("that page plays in Chromium");
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function install(): void {
  const pack = ["pack", "--json", "--pack-destination", folder, "--workspace", "sdk", "--workspace", "relay"];
  const packed = JSON.parse(run("npm", pack, root)) as { filename: string }[];
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  run("npm", ["install", ...packed.map(({ filename }) => join(folder, filename))]);
  cpSync(new URL("consumer/", import.meta.url), project, { recursive: true });
}

function typecheck(): void {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const strict = ["--noEmit", "--strict", "--skipLibCheck", "false", "--target", "es2023", "--lib", "es2023,dom"];
  for (const resolution of ["--module nodenext", "--module esnext --moduleResolution bundler"]) {
    run(process.execPath, [tsc, ...strict, ...resolution.split(" "), "program.ts"]);
  }
}

/** README's second program, at another port. */
async function playFromNode(node: string): Promise<void> {
  for (const program of ["circles-relay", "circles-worker", "circles-launcher"]) {
    expectText(run(node, [`node_modules/.bin/${program}`, "--help"]), `Usage: ${program}`);
  }
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const [, program = ""] = Array.from(readme.matchAll(/```js\n(.*?)```/gs), ([, js]) => js);
  await withPackedRelay({ project, node }, async (url) => {
    writeFileSync(join(project, "program.mjs"), program.replace("ws://localhost:8090", url));
    expectText(run(node, ["program.mjs"]), "You are guest number 1");
  });
}

async function bundlePage(): Promise<Buffer> {
  await build({
    root: project,
    configFile: false,
    logLevel: "warn",
    build: { rolldownOptions: { input: join(project, "page.js"), output: { entryFileNames: "page.js" } } },
  });
  return readFileSync(join(project, "dist/page.js"));
}

async function playFromPage(bundle: Buffer): Promise<void> {
  const site = createServer(({ url }, response) => {
    const isScript = url === "/page.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? bundle : '<!doctype html><body><script type="module" src="/page.js"></script>');
  }).listen(0, "localhost");
  await once(site, "listening");
  const origin = `http://localhost:${(site.address() as AddressInfo).port}`;
  const browser = await chromium.launch({ executablePath: findChromium() ?? "chromium" });
  try {
    await withPackedRelay({ project, flags: ["--allow-origin", origin] }, async (url) => {
      const page = await browser.newPage();
      page.on("pageerror", (error) => process.stderr.write(`page: ${error.stack}\n`));
      await page.goto(`${origin}/#${url}`);
      await page.getByText("The answer is 42.").waitFor({ timeout: 10_000 });
    });
  } finally {
    await browser.close();
    site.close();
  }
}

function run(command: string, args: readonly string[], cwd = project): string {
  return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}

function expectText(text: string, part: string): void {
  if (!text.includes(part)) throw new Error(`expected ${JSON.stringify(part)}, got ${JSON.stringify(text)}`);
}

function say(sentence: string): void {
  console.log(`pack-and-use: ${sentence}`);
}
