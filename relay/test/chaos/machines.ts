import { readdir, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { RedisServer } from "../redis-server.ts";
import { type ReadyProcess, type RelayProcess, startProcess, startRelayProcess } from "../relay-process.ts";
import { makeTemporaryFolder } from "../temporary-folder.ts";
import { TcpProxy } from "./tcp-proxy.ts";

const AOF = ["--save", "", "--appendonly", "yes", "--appendfsync", "everysec"];

/** A gateway and two workers on one Redis, each a process of its own. One worker reaches Redis through a line that can die. */
export class Machines {
  readonly redis: RedisServer;
  readonly line: TcpProxy;
  readonly #folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  #gateway: RelayProcess | undefined;
  #workers: ReadyProcess[] = [];

  private constructor(redis: RedisServer, line: TcpProxy, folder: Awaited<ReturnType<typeof makeTemporaryFolder>>) {
    this.redis = redis;
    this.line = line;
    this.#folder = folder;
  }

  static async start(): Promise<Machines> {
    const redis = await RedisServer.start(AOF);
    const line = await TcpProxy.start(Number(new URL(redis.url).port));
    const machines = new Machines(redis, line, await makeTemporaryFolder());
    await machines.startGateway(0);
    await Promise.all([machines.startWorker(), machines.startWorker(`redis://127.0.0.1:${line.port}`)]);
    return machines;
  }

  get url(): string {
    return this.#gateway?.url ?? "";
  }

  get dbPath(): string {
    return join(this.#folder.path, "circles");
  }

  /** The worker that was started last comes last. */
  get workers(): readonly ReadyProcess[] {
    return this.#workers;
  }

  /** What the processes that run have to say of what went wrong. */
  stderr(): string {
    return [...this.#workers, ...(this.#gateway ? [this.#gateway] : [])].map(({ stderr }) => stderr()).join("");
  }

  async startGateway(port = this.#gateway?.port ?? 0): Promise<void> {
    const keyFile = join(this.#folder.path, "gateway.key");
    const args = ["--port", String(port), "--redis-url", this.redis.url, "--gateway-key-file", keyFile];
    this.#gateway = await startRelayProcess(args);
  }

  async killGateway(): Promise<void> {
    await this.#gateway?.kill("SIGKILL");
  }

  async startWorker(url = this.redis.url): Promise<void> {
    const args = ["--redis-url", url, "--db-path", this.dbPath, "--threads", "1"];
    this.#workers.push(await startProcess("circles-worker", args));
  }

  async killWorker(worker: ReadyProcess): Promise<void> {
    await worker.kill("SIGKILL");
    this.#workers = this.#workers.filter((other) => other !== worker);
  }

  /** Bytes of the file that Redis appends to. */
  async appended(): Promise<{ path: string; bytes: number }> {
    const folder = join(this.redis.folder, "appendonlydir");
    const name = (await readdir(folder)).find((file) => file.endsWith(".incr.aof"));
    const path = join(folder, name ?? "");
    return { path, bytes: (await stat(path)).size };
  }

  async cutAppended(path: string, bytes: number): Promise<void> {
    await truncate(path, bytes);
  }

  /** Ends everything in good order, so that what is on the disk is all there is. */
  async stop(): Promise<void> {
    for (const { child, kill } of [...this.#workers, ...(this.#gateway ? [this.#gateway] : [])]) {
      if (child.exitCode === null && child.signalCode === null) await kill("SIGTERM");
    }
  }

  async remove(): Promise<void> {
    this.line.close();
    await this.redis.stop();
    await this.#folder.remove();
  }
}
