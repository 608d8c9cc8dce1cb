import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export type ServerProcess = {
  readonly url: string;
  readonly pid: number;
  /** Sends a message and resolves with the next that comes back, if it `answers`. */
  ask(message: string): Promise<unknown>;
  stop(): Promise<void>;
};

type Program = {
  readonly program?: string;
  /** Reads the server's address from the first line that it prints; ours prints `ready at {url}/`. */
  readonly urlOf?: (line: string) => string;
  readonly stopSignal?: NodeJS.Signals;
  /** It is a Node that answers messages. */
  readonly answers?: boolean;
};

/** Starts a server and waits for its first line. */
export async function startServer(
  args: readonly string[],
  { program = process.execPath, urlOf = urlAfterReady, stopSignal = "SIGTERM", answers = false }: Program = {},
): Promise<ServerProcess> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit", ...(answers ? (["ipc"] as const) : [])] });
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
    async ask(message) {
      const answer = once(child, "message");
      child.send(message);
      return (await answer)[0];
    },
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
