// Before the tests: is there what they need beyond npm? Nothing is skipped for want of a tool.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { findChromium } from "./chromium.ts";

const HINT = "install Chromium, or set CIRCLES_CHROMIUM to the path of one";

if (!findChromium() && !process.env.CIRCLES_CHROMIUM && mayInstall()) {
  run("apt-get", "update");
  run("apt-get", "install", "--yes", "--no-install-recommends", "chromium");
}
if (!findChromium()) fail(`the tests need Chromium and found none: ${HINT}`);

/** Root on Debian or one of its children. */
function mayInstall(): boolean {
  return process.getuid?.() === 0 && existsSync("/etc/debian_version");
}

function run(command: string, ...args: string[]): void {
  const { status, error } = spawnSync(command, args, {
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  if (status !== 0) fail(`${[command, ...args].join(" ")} failed${error ? `: ${error.message}` : ""}; ${HINT}`);
}

function fail(sentence: string): never {
  process.stderr.write(`test-tools: ${sentence}\n`);
  process.exit(1);
}
