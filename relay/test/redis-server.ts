import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { createClient } from "redis";
import { findFreePort } from "./free-port.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

/** A Redis server of a test's own: Debian's package, on a free port, with its files in a temporary folder. */
export class RedisServer {
  readonly url: string;
  readonly #port: number;
  readonly #folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  readonly #settings: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(
    port: number,
    folder: Awaited<ReturnType<typeof makeTemporaryFolder>>,
    settings: readonly string[],
  ) {
    this.#port = port;
    this.url = `redis://127.0.0.1:${port}`;
    this.#folder = folder;
    this.#settings = settings;
  }

  /** `settings`: of redis.conf, as arguments. By default nothing is written to the disk. */
  static async start(settings: readonly string[] = ["--save", "", "--appendonly", "no"]): Promise<RedisServer> {
    const server = new RedisServer(await findFreePort(), await makeTemporaryFolder(), settings);
    await server.restart();
    return server;
  }

  /** Of its process, while there is one. */
  get pid(): number {
    const pid = this.#process?.pid;
    if (pid === undefined) throw new Error("redis-server: expected it to have been started");
    return pid;
  }

  get folder(): string {
    return this.#folder.path;
  }

  /** Starts it again after `kill`; resolves when it answers. */
  async restart(): Promise<void> {
    const listening = ["--port", String(this.#port), "--bind", "127.0.0.1", "--dir", this.#folder.path];
    const child = spawn("redis-server", [...listening, ...this.#settings], { stdio: "ignore" });
    this.#process = child;
    await once(child, "spawn"); // rejects where there is no redis-server
    for (;;) {
      if (child.exitCode !== null) throw new Error(`redis-server: expected it to run, it ended with ${child.exitCode}`);
      if (await this.#answers()) return;
      await wait(20);
    }
  }

  /** SIGKILL, unless told otherwise. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    if (signal !== "SIGSTOP" && signal !== "SIGCONT") await ended;
  }

  /** Runs one command. */
  async ask(...command: string[]): Promise<unknown> {
    const client = createClient({ url: this.url, RESP: 2, socket: { reconnectStrategy: false } });
    client.on("error", () => {});
    await client.connect();
    try {
      return await client.sendCommand(command);
    } finally {
      client.destroy();
    }
  }

  async stop(): Promise<void> {
    await this.kill();
    await this.#folder.remove();
  }

  async #answers(): Promise<boolean> {
    try {
      return (await this.ask("PING")) === "PONG";
    } catch {
      return false; // it is starting, or reads its files
    }
  }
}

/** A real cluster of three nodes, each with a third of the slots. */
export class RedisCluster {
  readonly #nodes: readonly RedisServer[];

  private constructor(nodes: readonly RedisServer[]) {
    this.#nodes = nodes;
  }

  static async start(): Promise<RedisCluster> {
    const settings = ["--save", "", "--appendonly", "no", "--cluster-enabled", "yes"];
    const nodes = await Promise.all([1, 2, 3].map(() => RedisServer.start(settings)));
    const addresses = nodes.map(({ url }) => new URL(url).host);
    const create = ["--cluster", "create", ...addresses, "--cluster-yes"];
    execFileSync("redis-cli", create, { stdio: "ignore" });
    for (const node of nodes) {
      while (!String(await node.ask("CLUSTER", "INFO")).includes("cluster_state:ok")) await wait(20);
    }
    return new RedisCluster(nodes);
  }

  get urls(): string[] {
    return this.#nodes.map(({ url }) => url);
  }

  async flush(): Promise<void> {
    for (const node of this.#nodes) await node.ask("FLUSHALL");
  }

  /** How many keys each node has. */
  async sizes(): Promise<number[]> {
    return Promise.all(this.#nodes.map(async (node) => Number(await node.ask("DBSIZE"))));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.stop()));
  }
}
