import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { type RelayProcess, startRelayProcess } from "./relay-process.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const programsOf = (path: string) =>
  Array.from(
    readFileSync(new URL(path, import.meta.url), "utf8").matchAll(/```js\n(.*?)```/gs),
    ([, program]) => program ?? "",
  );
const programs = programsOf("../../README.md");

const EXAMPLE = "examples/guestbook.js";

type RunOptions = {
  /** Its text is what runs, in place of the program. */
  readonly file?: string;
  readonly env?: Record<string, string>;
};

/** Runs a program as it is printed, as a module of this repository; or a file of it. */
async function run(
  program: string,
  { file, env = {} }: RunOptions = {},
): Promise<{ code: number | null; output: string }> {
  const typescript = new URL("../../scripts/typescript.mjs", import.meta.url).href;
  const args = [
    "--import",
    typescript,
    "--conditions=@circles/source",
    ...(file ? [file] : ["--input-type=module", "-"]),
  ];
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (data: Buffer) => (output += data.toString("utf8")));
  child.stderr.on("data", (data: Buffer) => (output += data.toString("utf8")));
  child.stdin.end(program);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, output };
}

it("README's second program is the example, in less than 40 lines", () => {
  expect(readFileSync(join(ROOT, EXAMPLE), "utf8")).toBe(programs[1]);
  expect(programs[1]?.trimEnd().split("\n").length).toBeLessThan(40);
});

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

  it("its second program, the example, tells who may do what, exactly as printed", async () => {
    await start();
    const { code, output } = await run("", { file: EXAMPLE });
    expect(output.split("\n")).toEqual([
      "You are guest number 1",
      "denied by the circle's policy: missing read:guests",
      expect.stringMatching(/^Bob allows write:notes\/alice to this script, once: \(\(\{ data, args \}\) => data\.set/),
      "Hello Bob!",
      "",
    ]);
    expect(code).toBe(0);
  });

  it("so does the one of docs/policies.md", async () => {
    await start();
    const { code, output } = await run(programsOf("../../docs/policies.md")[0] ?? "");
    expect(output).toMatch(
      /^Bob is guest number 1\ndenied by .*\nBob asks for write:suggestions\/cake to play .*\nmore of it\n$/,
    );
    expect(code).toBe(0);
  });

  it("and those of docs/keys.md: of a key in a file, which is the same the next time,", async () => {
    await start();
    const folder = await makeTemporaryFolder();
    const env = { KEY_FILE: join(folder.path, "alice.key") };
    const [program = ""] = programsOf("../../docs/keys.md");
    const first = await run(program, { env });
    expect(first).toEqual({ code: 0, output: expect.stringMatching(/^0[23][0-9a-f]{64}\n$/) });
    expect(await run(program, { env })).toEqual(first);
    await folder.remove();
  });

  it("and of a device that is revoked", async () => {
    await start();
    const { code, output } = await run(programsOf("../../docs/keys.md")[1] ?? "");
    expect(output).toBe("I am the root: true\ndenied by the circle's policy: missing device\n");
    expect(code).toBe(0);
  });
});
