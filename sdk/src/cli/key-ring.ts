import { readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Keypair } from "../keys/keypair.ts";
import { makeKeyFile, readKeyFile, writeKeyFile } from "../node/key-file.ts";
import type { Environment } from "./command-line.ts";
import { UsageError } from "./usage-error.ts";

/** The keys of whoever types: files in one folder, by their names. */
export class KeyRing {
  readonly #folder: string;

  constructor(env: Environment) {
    this.#folder = join(env.CIRCLES_HOME ?? join(env.XDG_CONFIG_HOME ?? join(homedir(), ".config"), "circles"), "keys");
  }

  async make(name: string): Promise<Keypair> {
    return this.#once(name, () => makeKeyFile(this.#path(name)));
  }

  async take(name: string, keypair: Keypair): Promise<void> {
    await this.#once(name, () => writeKeyFile(this.#path(name), keypair));
  }

  /** @throws {UsageError} if there is none. */
  async read(name: string): Promise<Keypair> {
    const keypair = await this.find(name);
    if (keypair) return keypair;
    throw new UsageError(`${name}: no such key; "circles keys new ${name}" makes one`);
  }

  /** By its name, or as the path of a file. */
  async find(name: string): Promise<Keypair | undefined> {
    const path = name.includes("/") || name.endsWith(".key") ? name : this.#path(name);
    try {
      return await readKeyFile(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  async list(): Promise<{ name: string; publicKey: string }[]> {
    const files = await readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw error;
    });
    const names = files.filter((file) => file.endsWith(".key")).map((file) => file.slice(0, -".key".length));
    return Promise.all(names.toSorted().map(async (name) => ({ name, publicKey: (await this.read(name)).publicKey })));
  }

  #path(name: string): string {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) {
      throw new UsageError(`key: expected a name of letters, digits, . _ and -, got ${JSON.stringify(name)}`);
    }
    return join(this.#folder, `${name}.key`);
  }

  async #once<T>(name: string, make: () => Promise<T>): Promise<T> {
    try {
      return await make();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      throw new UsageError(`${name}: there is a key of this name; a key is never overwritten`);
    }
  }
}
