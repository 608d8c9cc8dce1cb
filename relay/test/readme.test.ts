import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { type RelayProcess, startRelayProcess } from "./relay-process.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const programs = Array.from(
  readFileSync(new URL("../../README.md", import.meta.url), "utf8").matchAll(/```js\n(.*?)```/gs),
  ([, program]) => program ?? "",
);

/** Runs a program as it is printed, as a module of this repository. */
async function run(program: string): Promise<{ code: number | null; output: string }> {
  const typescript = new URL("../../scripts/typescript.mjs", import.meta.url).href;
  const args = ["--import", typescript, "--conditions=@circles/source", "--input-type=module", "-"];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ["pipe", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (data: Buffer) => (output += data.toString("utf8")));
  child.stderr.on("data", (data: Buffer) => (output += data.toString("utf8")));
  child.stdin.end(program);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, output };
}

describe("README", () => {
  let relay: RelayProcess;
  let removeFolder: () => Promise<void>;
  const start = async (...flags: string[]) => {
    const folder = await makeTemporaryFolder();
    removeFolder = folder.remove;
    relay = await startRelayProcess(["--db-path", folder.path, ...flags]);
  };
  afterEach(async () => {
    await relay.kill("SIGTERM");
    await removeFolder();
  });

  it("its first program plays in a peer's own circle, exactly as printed", async () => {
    await start();
    expect(await run(programs[0] ?? "")).toEqual({ code: 0, output: "This is visit number 1.\n" });
  });

  it("its second program, with --open, plays in another peer's circle, exactly as printed", async () => {
    await start("--open");
    const { code, output } = await run(programs[1] ?? "");
    expect(output).toMatch(/^in Bob's circle, sent by 0[23][0-9a-f]{64}\nYou are guest number 1\n$/);
    expect(code).toBe(0);
  });

  it("its second program is denied without --open", async () => {
    await start();
    const { code, output } = await run(programs[1] ?? "");
    expect(output).toMatch(/denied by the circle's policy/);
    expect(code).not.toBe(0);
  });
});
