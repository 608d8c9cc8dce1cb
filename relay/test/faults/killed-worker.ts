import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const SOURCES = [
  "--import",
  new URL("../../../scripts/typescript.mjs", import.meta.url).href,
  "--conditions=@circles/source",
];
const DIE_AT_STEP = new URL("die-at-step.ts", import.meta.url).href;

/** What a worker said of one play before it ended. */
export type Said = {
  readonly circle: number;
  readonly play: number;
  readonly value: string;
  readonly seq: number;
  readonly hash: string;
};

export type Life = {
  readonly said: readonly Said[];
  /** It was killed; otherwise it came to its end, after `steps` steps. */
  readonly killed: boolean;
  readonly steps: number;
};

export type LifeOptions = {
  readonly folder: string;
  readonly seed: string;
  readonly plays: number;
  /** The first play of each circle. */
  readonly first: readonly number[];
  readonly dieAt?: number;
  readonly how?: "before" | "after" | "torn";
};

/** Has a worker play until it has done, or dies. @throws if it ended in any other way. */
export async function liveOnce({ folder, seed, plays, first, dieAt, how = "before" }: LifeOptions): Promise<Life> {
  const args = [folder, seed, String(plays), ...first.map(String)];
  const env = { ...process.env, DIE_AT: dieAt === undefined ? "Infinity" : String(dieAt), DIE_HOW: how };
  const driver = fileURLToPath(new URL("driver.ts", import.meta.url));
  const child = spawn(process.execPath, [...SOURCES, "--import", DIE_AT_STEP, driver, ...args], { env });
  let [output, errors] = ["", ""];
  child.stdout.on("data", (data: Buffer) => (output += data.toString("utf8")));
  child.stderr.on("data", (data: Buffer) => (errors += data.toString("utf8")));
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  if (code !== 0 && signal !== "SIGKILL")
    throw new Error(`worker: expected to end or to be killed, got ${code}: ${errors}`);
  const said = Array.from(
    output.matchAll(/^outcome (\d+) (\d+) (\S+) (\d+) (\S+)\n/gm),
    ([, circle, play, value, seq, hash]): Said => ({
      circle: Number(circle),
      play: Number(play),
      value: value ?? "",
      seq: Number(seq),
      hash: hash ?? "",
    }),
  );
  return { said, killed: signal === "SIGKILL", steps: Number(/^steps (\d+)$/m.exec(output)?.[1] ?? 0) };
}
