import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Keypair } from "@circles/sdk/keys";
import type { Logger } from "pino";
import { readGatewayKey } from "../bin/gateway-key-file.ts";
import { ownerKeyOf } from "./circle-key-file.ts";
import { type CircleEntry, readCirclesFile } from "./circles-file.ts";
import { installIn } from "./install.ts";
import { Supervised } from "./supervised.ts";

export type LauncherOptions = {
  /** The path of `circles.json`. */
  readonly config: string;
  readonly dbPath: string;
  /** Where keys are kept that are made here. */
  readonly keysFolder: string;
  /** None: each circle is a relay of its own, with everything in one process. */
  readonly redisUrls: readonly string[];
  readonly isCluster: boolean;
  /** Worker processes, with Redis. */
  readonly workers: number;
  readonly threads: number;
  readonly logLevel: string;
};

type Launched = {
  readonly entry: CircleEntry;
  readonly key: Keypair;
  readonly url: string;
  readonly process: Supervised;
};

const programs = { relay: programPath("circles-relay"), worker: programPath("circles-worker") };

/** Many circles, each with a gateway at a port of its own, over shared workers; whatever dies is started again. */
export class Launcher {
  readonly #options: LauncherOptions;
  readonly #log: Logger;
  #circles = new Map<string, Launched>();
  #workers: Supervised[] = [];
  /** One after the other. */
  #reloading: Promise<void> = Promise.resolve();

  private constructor(options: LauncherOptions, log: Logger) {
    this.#options = options;
    this.#log = log;
  }

  /** Resolves when all circles are there and have their libraries. @throws {CirclesFileRefused} */
  static async start(options: LauncherOptions, log: Logger): Promise<Launcher> {
    const launcher = new Launcher(options, log);
    const entries = await readCirclesFile(options.config);
    await launcher.#startWorkers();
    try {
      await launcher.#apply(entries);
    } catch (error) {
      await launcher.close();
      throw error;
    }
    return launcher;
  }

  /** Lines of a table: name, public key, URL. */
  get table(): string[] {
    const rows = Array.from(this.#circles.values(), ({ entry, key, url }) => [entry.name, key.publicKey, url]);
    const widths = [0, 1, 2].map((i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
    return rows.map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    );
  }

  /** Reads the file again: what is new is started, what is gone ends, what is the same stays as it is. */
  reload(): Promise<void> {
    const reloaded = this.#reloading
      .catch(() => {}) // whoever asked for that was told
      .then(async () => this.#apply(await readCirclesFile(this.#options.config)));
    this.#reloading = reloaded;
    return reloaded;
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#circles.values(), ({ process }) => process.stop()));
    await Promise.all(this.#workers.map((worker) => worker.stop()));
  }

  async #startWorkers(): Promise<void> {
    const { redisUrls, workers, dbPath, threads } = this.#options;
    if (redisUrls.length === 0) return;
    const { publicKey } = await readGatewayKey(this.#gatewayKeyFile);
    const args = ["--db-path", dbPath, "--threads", String(threads), "--trust-gateway", publicKey, ...this.#redisArgs];
    this.#workers = Array.from(
      { length: workers },
      (_, i) =>
        new Supervised({ name: `worker ${i + 1}`, main: programs.worker, args, env: this.#redisEnv }, this.#log),
    );
    await Promise.all(this.#workers.map(({ ready }) => ready));
  }

  async #apply(entries: readonly CircleEntry[]): Promise<void> {
    const keys = await Promise.all(entries.map((entry) => ownerKeyOf(entry, this.#options)));
    const before = this.#circles;
    const after = new Map<string, Launched>();
    const isSame = (one: Launched | undefined, entry: CircleEntry, key: Keypair) =>
      one?.key.publicKey === key.publicKey && JSON.stringify(one.entry) === JSON.stringify(entry);
    const kept = (entry: CircleEntry, i: number) => {
      const [known, key] = [before.get(entry.name), keys[i]];
      return known && key && isSame(known, entry, key) ? known : undefined;
    };
    const stays = new Set(entries.flatMap((entry, i) => kept(entry, i) ?? []));
    const gone = Array.from(before.values()).filter((one) => !stays.has(one));
    await Promise.all(gone.map((one) => one.process.stop()));
    this.#circles = after;
    for (const [i, entry] of entries.entries()) {
      const key = keys[i];
      if (key) after.set(entry.name, kept(entry, i) ?? (await this.#launch(entry, key)));
    }
    await Promise.all(
      Array.from(after.values(), async ({ entry, key, url, process }) => {
        await process.ready;
        await installIn(url, entry, key);
      }),
    );
  }

  async #launch(entry: CircleEntry, key: Keypair): Promise<Launched> {
    const { dbPath, redisUrls, threads, logLevel } = this.#options;
    const host = entry.host.includes(":") ? `[${entry.host}]` : entry.host;
    const served = resolve(this.#options.keysFolder, `${entry.name}.circles`);
    await writeFile(served, `${key.publicKey}\n`);
    const args = ["--port", String(entry.port), "--host", entry.host, "--circles", served, "--log-level", logLevel];
    if (redisUrls.length > 0) args.push("--gateway-key-file", this.#gatewayKeyFile, ...this.#redisArgs);
    else args.push("--db-path", join(dbPath, entry.name), "--threads", String(threads));
    const process = new Supervised({ name: entry.name, main: programs.relay, args, env: this.#redisEnv }, this.#log);
    return { entry, key, url: `ws://${host}:${entry.port}/${key.publicKey}`, process };
  }

  get #gatewayKeyFile(): string {
    return join(this.#options.keysFolder, "gateway.key");
  }

  get #redisArgs(): string[] {
    const { redisUrls, isCluster } = this.#options;
    return redisUrls.length > 0 && isCluster ? ["--redis-cluster"] : [];
  }

  /** The URLs may hold a password. */
  get #redisEnv(): Record<string, string> {
    const { redisUrls } = this.#options;
    return redisUrls.length > 0 ? { CIRCLES_REDIS_URL: redisUrls.join(" ") } : {};
  }
}

/** Beside this one, from the sources or as they were built. */
function programPath(name: string): string {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return fileURLToPath(new URL(`../bin/${name}.${extension}`, import.meta.url));
}
