import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

export type PackedRelayOptions = {
  /** The project in which it is installed. */
  readonly project: string;
  /** The Node that runs it. */
  readonly node?: string;
  readonly flags?: readonly string[];
};

/** Runs an installed relay, open to everybody, while `use` plays at its URL. @throws if it does not end in good order. */
export async function withPackedRelay(
  { project, node = process.execPath, flags = [] }: PackedRelayOptions,
  use: (url: string) => Promise<void>,
): Promise<void> {
  const circles = mkdtempSync(join(project, "circles-"));
  const command = join(project, "node_modules/.bin/circles-relay");
  const all = ["--port", "0", "--open", "--db-path", circles, "--log-level", "warn", ...flags];
  const child = spawn(node, [command, ...all], { cwd: project, stdio: ["ignore", "pipe", "inherit"] });
  const exit = once(child, "exit") as Promise<[number | null]>;
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { value } = await lines.next();
    const [, url] = /ready at (ws:\/\/[^/]+)\//.exec(String(value)) ?? [];
    if (!url) throw new Error(`circles-relay: expected its address in its first line, got ${value ?? "none"}`);
    await use(url);
  } finally {
    child.kill("SIGTERM");
  }
  const [code] = await exit;
  if (code !== 0) throw new Error(`circles-relay: expected to end with 0 after SIGTERM, got ${code}`);
}
