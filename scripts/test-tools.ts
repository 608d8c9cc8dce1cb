// Before the tests: is there what they need beyond npm? Nothing is skipped for want of a tool. Names what is needed, or
// nothing for what `npm test` needs.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { findChromium, findFirefox, findProgram } from "./programs.ts";

type Tool = {
  readonly name: string;
  readonly debian: string;
  readonly find: () => string | undefined;
  readonly hint: string;
};

const ALL: readonly Tool[] = [
  {
    name: "Chromium",
    debian: "chromium",
    find: findChromium,
    hint: "install Chromium, or set CIRCLES_CHROMIUM to the path of one",
  },
  {
    name: "redis-server",
    debian: "redis-server",
    find: () => findProgram("redis-server"),
    hint: "install Redis 7 or later, so that redis-server is on the PATH",
  },
  {
    name: "Firefox",
    debian: "firefox-esr",
    find: findFirefox,
    hint: "install Firefox, so that firefox is on the PATH",
  },
];

const wanted = process.argv.length > 2 ? process.argv.slice(2) : ["Chromium", "redis-server"];
const TOOLS = ALL.filter(({ name }) => wanted.includes(name));

const missing = TOOLS.filter(({ name, find }) => !find() && !(name === "Chromium" && process.env.CIRCLES_CHROMIUM));
if (missing.length > 0 && mayInstall()) {
  run("apt-get", "update");
  run("apt-get", "install", "--yes", "--no-install-recommends", ...missing.map(({ debian }) => debian));
}
for (const { name, find, hint } of TOOLS) if (!find()) fail(`the tests need ${name} and found none: ${hint}`);

/** Root on Debian or one of its children. */
function mayInstall(): boolean {
  return process.getuid?.() === 0 && existsSync("/etc/debian_version");
}

function run(command: string, ...args: string[]): void {
  const { status, error } = spawnSync(command, args, {
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  if (status !== 0) fail(`${[command, ...args].join(" ")} failed${error ? `: ${error.message}` : ""}`);
}

function fail(sentence: string): never {
  process.stderr.write(`test-tools: ${sentence}\n`);
  process.exit(1);
}
