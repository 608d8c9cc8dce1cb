import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { HELP } from "../src/bin/relay-options.ts";
import { WORKER_HELP } from "../src/bin/worker-options.ts";
import { startRelayProcess } from "./relay-process.ts";
import { statusOf } from "./status-of.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8");
const DEPLOY = ["circles-relay.service", "Dockerfile", "compose.yaml", "prometheus-alerts.yaml"];
const FILES = ["docs/operations.md", ...DEPLOY.map((name) => `relay/deploy/${name}`)];

describe("what operators are given", () => {
  it("[OP12] names metrics that there are, and only those; the manual names all of ours", async () => {
    const folder = await makeTemporaryFolder();
    const relay = await startRelayProcess(["--port", "0", "--threads", "1", "--db-path", join(folder.path, "circles")]);
    const { text } = await statusOf(relay).ask("/metrics");
    await relay.kill("SIGTERM");
    await folder.remove();
    const known = new Set(Array.from(text.matchAll(/^# TYPE (\S+)/gm), ([, name = ""]) => name));
    for (const path of FILES) {
      const named = Array.from(read(path).matchAll(/\b(?:circles|process|nodejs)_[a-z0-9_]+\b/g), ([name]) =>
        name.replace(/_bucket$/, ""),
      );
      expect(named.filter((name) => !known.has(name))).toEqual([]);
    }
    const manual = read("docs/operations.md");
    const ours = Array.from(known).filter((name) => name.startsWith("circles_"));
    expect(ours.filter((name) => !manual.includes(name))).toEqual([]);
  });

  it("[OP12] names options and variables that there are", () => {
    const flags = new Set(Array.from(`${HELP}${WORKER_HELP}`.matchAll(/--[a-z-]+/g), ([flag]) => flag));
    const variables = new Set(
      Array.from(flags, (flag) => `CIRCLES_${flag.slice(2).toUpperCase().replaceAll("-", "_")}`),
    );
    for (const path of FILES) {
      const named = read(path).match(/\bCIRCLES_[A-Z_]+\b/g) ?? [];
      expect(named.filter((name) => !variables.has(name))).toEqual([]);
    }
    const manual = Array.from(read("docs/operations.md").matchAll(/`[^`\n]*`/g), ([code]) => code).join("\n");
    const own = (manual.match(/(?<=[\s`])--[a-z-]+/g) ?? []).filter((flag) => !flags.has(flag));
    expect(own.filter((flag) => !["--vacuum-size", "--global"].includes(flag))).toEqual([]);
  });

  it("[OP12] alerts of which the manual says what to do", () => {
    const alerts = Array.from(
      read("relay/deploy/prometheus-alerts.yaml").matchAll(/- alert: (\w+)/g),
      ([, name]) => name,
    );
    expect(alerts.length).toBeGreaterThan(5);
    const manual = read("docs/operations.md");
    expect(alerts.filter((name = "") => !manual.includes(name))).toEqual([]);
  });
});
