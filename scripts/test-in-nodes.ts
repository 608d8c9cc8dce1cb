// The suite that says what the SDK does, in every version of Node on which it has to do that. What runs in which version the
// suite itself says, in the title that names it.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { fetchNode, NODE_MAJORS } from "./node-majors.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const vitest = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));
const SUITE = ["run", "--project", "node", "--reporter", "verbose", "relay/test/behaviour.test.ts"];

for (const major of NODE_MAJORS) {
  const { status, stdout } = spawnSync(fetchNode(major), [vitest, ...SUITE], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NO_COLOR: "1" },
  });
  const [, version] = /✓ .*the SDK in Node (v\d+\.\d+\.\d+) /.exec(stdout) ?? [];
  const [, passed] = /Tests +(\d+) passed \(\1\)/.exec(stdout) ?? [];
  if (status !== 0 || !passed || !version?.startsWith(`v${major}.`)) {
    process.stderr.write(`${stdout}\ntest-in-nodes: expected the suite to pass in Node ${major}\n`);
    process.exit(1);
  }
  console.log(`test-in-nodes: ${passed} tests passed in Node ${version}`);
}
