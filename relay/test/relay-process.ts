import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const mainOf = (program: Program) => fileURLToPath(new URL(`../src/bin/${program}.ts`, import.meta.url));
const TYPESCRIPT = new URL("../../scripts/typescript.mjs", import.meta.url).href;

type Program = "circles-launcher" | "circles-relay" | "circles-worker";

/** A process of ours that says in its first line that it is ready. */
export type ReadyProcess = {
  readonly child: ChildProcess;
  /** That line. */
  readonly said: string;
  /** What it wrote to standard error so far. */
  stderr(): string;
  /** Sends a signal and resolves with how the process ended. */
  kill(signal: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
};

export type RelayProcess = ReadyProcess & {
  /** Where peers dial: append a circle's public key. */
  readonly url: string;
  readonly port: number;
};

/** Runs `circles-relay`, or another program, from its source to its end. */
export async function runRelayCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  program: Program = "circles-relay",
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawnProgram(program, args, env);
  const output = { stdout: "", stderr: "" };
  child.stdout?.on("data", (data: Buffer) => (output.stdout += data.toString("utf8")));
  child.stderr?.on("data", (data: Buffer) => (output.stderr += data.toString("utf8")));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...output };
}

/** Starts `circles-relay` from its source and resolves when it says that it is ready. */
export async function startRelayProcess(args: readonly string[]): Promise<RelayProcess> {
  const ready = await startProcess("circles-relay", args);
  const [, url = "", port = ""] = /ready at (wss?:\/\/[^/]+:(\d+))\//.exec(ready.said) ?? [];
  return { ...ready, url, port: Number(port) };
}

/** Starts one of our programs from its source and resolves when it says that it is ready. */
export async function startProcess(program: Program, args: readonly string[]): Promise<ReadyProcess> {
  const child = spawnProgram(program, args);
  let stderr = "";
  child.stderr?.on("data", (data: Buffer) => (stderr += data.toString("utf8")));
  if (!child.stdout) throw new Error(`${program}: expected its output`);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ready = await lines.next();
  if (ready.done) {
    await once(child, "close");
    throw new Error(`${program} ended before it was ready: ${stderr}`);
  }
  return {
    child,
    said: ready.value,
    stderr: () => stderr,
    async kill(signal) {
      const exit = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
      child.kill(signal);
      const [code, by] = await exit;
      return { code, signal: by };
    },
  };
}

function spawnProgram(
  program: Program,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  return spawn(process.execPath, ["--import", TYPESCRIPT, "--conditions=@circles/source", mainOf(program), ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}
