import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

export type ServerProcess = {
  readonly url: string;
  /** Seconds of user and system time so far, all threads together. */
  cpuSeconds(): number;
  rssBytes(): number;
  stop(): Promise<void>;
};

/** Clock ticks per second in /proc/…/stat: fixed at 100 for user space on Linux. */
const TICKS_PER_SECOND = 100;

/** Starts a server that prints one line with `ready at {url}/`. */
export async function startServer(args: readonly string[]): Promise<ServerProcess> {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  if (!child.stdout) throw new Error("server: expected its output");
  const ended = once(child, "exit").then(() => {
    throw new Error("server: ended before it was ready");
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ready = await Promise.race([lines.next(), ended]);
  ended.catch(() => {}); // from here on its end is asked for
  const [, url = ""] = /ready at (ws:\/\/[^/]+)\//.exec(String(ready.value)) ?? [];
  const stat = () =>
    readFileSync(`/proc/${child.pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
  return {
    url,
    cpuSeconds() {
      const fields = stat();
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    },
    rssBytes: () => Number(stat()[21]) * 4096,
    async stop() {
      const exit = once(child, "exit");
      child.kill("SIGTERM");
      await exit;
    },
  };
}
