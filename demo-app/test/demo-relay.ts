import { existsSync } from "node:fs";
import { type RelayProcess, startRelayProcess } from "../../relay/test/relay-process.ts";
import { makeTemporaryFolder } from "../../relay/test/temporary-folder.ts";

/** A relay that serves the app as it is built, and can be killed and come back at the same place with the same circles. */
export class DemoRelay {
  readonly #folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  #process: RelayProcess;

  private constructor(folder: Awaited<ReturnType<typeof makeTemporaryFolder>>, process: RelayProcess) {
    this.#folder = folder;
    this.#process = process;
  }

  static async start(): Promise<DemoRelay> {
    const folder = await makeTemporaryFolder();
    return new DemoRelay(folder, await startRelayProcess(["--demo", "--port", "0", "--db-path", folder.path]));
  }

  /** Where a person opens the app. */
  get page(): string {
    return `http://localhost:${this.#process.port}/`;
  }

  /** The folder in which each circle has its own. */
  get circles(): string {
    return this.#folder.path;
  }

  async kill(): Promise<void> {
    await this.#process.kill("SIGKILL");
  }

  async comeBack(): Promise<void> {
    const { port } = this.#process;
    this.#process = await startRelayProcess(["--demo", "--port", String(port), "--db-path", this.#folder.path]);
  }

  async stop(): Promise<void> {
    if (this.#process.child.exitCode === null) await this.#process.kill("SIGTERM");
    if (existsSync(this.#folder.path)) await this.#folder.remove();
  }
}
