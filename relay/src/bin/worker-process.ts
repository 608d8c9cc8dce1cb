import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import type { PublicKey } from "@circles/sdk/protocol";
import type { Logger } from "pino";
import type { Broker } from "../broker/broker.ts";
import { lockFolder } from "../namespace/folder-lock.ts";
import { Namespaces } from "../namespace/namespaces.ts";
import type { SnapshotSource } from "../namespace/snapshot.ts";
import { ThreadPool } from "../sandbox/pool-node.ts";
import { siblingModule } from "../sandbox/sibling-module-node.ts";
import { ThreadTypeStripper } from "../sandbox/type-stripper-node.ts";
import type { Verifier } from "../signatures/verifier.ts";
import type { Trust } from "../worker/proof.ts";
import { runWorker } from "../worker/worker.ts";
import { closeWorkerParts, makeWorkerParts } from "../worker/worker-parts.ts";
import type { Metrics } from "./metrics.ts";
import type { WorkerSettings } from "./worker-settings.ts";

/** What plays get, for which nobody waits any more, when the process ends. Their callers send them again. */
const WORKER_MS = 1_000;

export type WorkerProcessOptions = {
  readonly settings: WorkerSettings;
  readonly verifier: Verifier;
  readonly log: Logger;
  readonly metrics?: Pick<Metrics, "process" | "worker">;
  /** Every peer that logged in may do everything everywhere. */
  readonly open?: boolean;
  readonly trust?: Trust;
  /** Other workers may have the folder too: leases keep them apart. */
  readonly isShared: boolean;
  /** Serve these circles only; all if left out. */
  readonly circles?: ReadonlySet<PublicKey>;
};

/** A worker that has its folder and its threads, and takes nothing yet. */
export class WorkerProcess {
  readonly #options: WorkerProcessOptions;
  readonly #dbPath: string;
  readonly #sandbox: ThreadPool<SnapshotSource>;
  readonly #unlock: () => Promise<void>;
  readonly #stop = new AbortController();
  #end: () => Promise<void> = async () => {};

  private constructor(
    options: WorkerProcessOptions,
    parts: { dbPath: string; sandbox: ThreadPool<SnapshotSource>; unlock: () => Promise<void> },
  ) {
    this.#options = options;
    this.#dbPath = parts.dbPath;
    this.#sandbox = parts.sandbox;
    this.#unlock = parts.unlock;
  }

  /** @throws if it cannot use its folder. */
  static async start(options: WorkerProcessOptions): Promise<WorkerProcess> {
    const { settings, isShared } = options;
    const dbPath = resolve(settings.dbPath);
    await mkdir(dbPath, { recursive: true, mode: 0o700 });
    const unlock = await lockFolder(dbPath, { isShared });
    const thread = siblingModule("../worker/play-thread", import.meta.url);
    const stripper = new ThreadTypeStripper();
    const sandbox = await ThreadPool.start<SnapshotSource>({ thread, threads: settings.threads, stripper });
    return new WorkerProcess(options, { dbPath, sandbox, unlock });
  }

  /** Takes tasks from now on. */
  run(broker: Broker): void {
    const { settings, verifier, log, metrics, open = false, trust, circles, isShared } = this.#options;
    const { durability, circleBytes: storageBytes, keepLogMs } = settings;
    const namespaces = new Namespaces({
      dbPath: this.#dbPath,
      durability,
      storageBytes,
      keepLogMs,
      leaseOf: (circle) => broker.leaseOf(circle),
      // A worker that takes a circle over finds files that the one before had not written yet: that is as it should be.
      onRepaired: (circle, paths) =>
        log[isShared ? "debug" : "warn"]({ circle, paths }, "files were not what the log says, and are again"),
      onError: (err, circle) => {
        metrics?.process.failed("circle");
        log.error({ err, circle }, "a circle failed; it is opened anew when it is next used");
      },
    });
    const onError = (err: unknown, where: object) => {
      metrics?.process.failed("play");
      log.error({ err, ...where }, "a play failed");
    };
    const sandbox = this.#sandbox;
    const observed = metrics ? { observer: metrics.worker } : {};
    const given = { broker, sandbox, namespaces, verifier, open, onError, ...observed };
    const parts = makeWorkerParts({ ...given, ...(trust ? { trust } : {}) });
    const worker = runWorker(parts, circles ? { circles } : {}, this.#stop.signal);
    this.#end = async () => {
      await Promise.race([worker, new Promise((end) => setTimeout(end, WORKER_MS).unref())]);
      await sandbox.close(); // ends what still runs; its outcome is unknown and nothing of it was committed
      await worker;
      await closeWorkerParts(parts);
      await namespaces.close();
    };
  }

  /** Ends what it took, as far as that goes at once, and lets go of its folder. The broker is to be closed after it. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#end();
    await this.#sandbox.close();
    await this.#unlock();
  }
}
