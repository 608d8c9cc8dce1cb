import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export type ServerProcess = {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
};

type Program = {
  readonly program?: string;
  /** Reads the server's address from the first line that it prints; ours prints `ready at {url}/`. */
  readonly urlOf?: (line: string) => string;
  readonly stopSignal?: NodeJS.Signals;
};

/** Starts a server and waits for its first line. */
export async function startServer(
  args: readonly string[],
  { program = process.execPath, urlOf = urlAfterReady, stopSignal = "SIGTERM" }: Program = {},
): Promise<ServerProcess> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  if (!child.stdout) throw new Error("server: expected its output");
  const ended = once(child, "exit").then(() => {
    throw new Error("server: ended before it was ready");
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ready = await Promise.race([lines.next(), ended]);
  ended.catch(() => {}); // from here on its end is asked for
  if (child.pid === undefined) throw new Error("server: expected it to have an id");
  return {
    url: urlOf(String(ready.value)),
    pid: child.pid,
    async stop() {
      const exit = once(child, "exit");
      child.kill(stopSignal);
      await exit;
    },
  };
}

function urlAfterReady(line: string): string {
  return /ready at (ws:\/\/[^/]+)\//.exec(line)?.[1] ?? "";
}
