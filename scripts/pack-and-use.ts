// Packs both packages as they would be published, installs them where nothing else is, and uses them there.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fetchNode, NODE_MAJORS } from "./node-majors.ts";
import { playFromPages } from "./packed-pages.ts";
import { withPackedRelay } from "./packed-relay.ts";

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
    const node = fetchNode(major);
    await playFromNode(node);
    say(`relay and SDK play in Node ${run(node, ["--version"]).trim()}`);
  }
  await useCommand();
  say("the circles command plays");
  await playFromPages(project, say);
  await serveDemo();
  say("the packed relay serves the demo app");
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function install(): void {
  const pack = ["pack", "--json", "--pack-destination", folder, "--workspace", "sdk", "--workspace", "circles-relay"];
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

async function serveDemo(): Promise<void> {
  await withPackedRelay({ project, flags: ["--demo"] }, async (url) => {
    const page = await fetch(url.replace(/^ws/, "http"));
    expectText(page.headers.get("content-security-policy") ?? "", "default-src 'none'");
    const [script = ""] = /[^"]+\.js(?=")/.exec(await page.text()) ?? [];
    const { status } = await fetch(new URL(script, `${url.replace(/^ws/, "http")}/`));
    expectText(String(status), "200");
  });
}

/** `npx circles`, with a home of its own. */
async function useCommand(): Promise<void> {
  await withPackedRelay({ project }, async (url) => {
    const home = join(folder, "home");
    const circles = (...args: string[]) =>
      run("npx", ["--no", "--", "circles", ...args], project, { CIRCLES_HOME: home, CIRCLES_RELAY: url });
    circles("keys", "new");
    expectText(circles("play", "me", "-e", "6 * args.n", "--arg", "n=7"), "42");
  });
}

function run(command: string, args: readonly string[], cwd = project, env: Record<string, string> = {}): string {
  const stdio = ["ignore", "pipe", "inherit"] as const;
  return execFileSync(command, args, { cwd, encoding: "utf8", stdio: [...stdio], env: { ...process.env, ...env } });
}

function expectText(text: string, part: string): void {
  if (!text.includes(part)) throw new Error(`expected ${JSON.stringify(part)}, got ${JSON.stringify(text)}`);
}

function say(sentence: string): void {
  console.log(`pack-and-use: ${sentence}`);
}
