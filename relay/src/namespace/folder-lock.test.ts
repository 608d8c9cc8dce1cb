import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeTemporaryFolder } from "../../test/temporary-folder.ts";
import { FolderInUse, lockFolder } from "./folder-lock.ts";

describe("lockFolder", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
  });
  afterEach(() => folder.remove());

  /** A process that tries to take the lock; resolves with what it says of that. */
  const contender = async (path: string) => {
    const program = `import { lockFolder } from ${JSON.stringify(new URL("./folder-lock.ts", import.meta.url).href)};
      await lockFolder(process.argv[1]).then(() => console.log("held"), (error) => console.log(error.name));
      setInterval(() => {}, 1000);`;
    const typescript = new URL("../../../scripts/typescript.mjs", import.meta.url).href;
    const args = ["--import", typescript, "--input-type=module", "-e", program, path];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const [said] = (await once(child.stdout, "data")) as [Buffer];
    const kill = async () => {
      const exit = once(child, "exit");
      child.kill("SIGKILL");
      await exit;
    };
    return { said: said.toString().trim(), kill };
  };

  it("[LG9] one process at a time has a folder, and releasing gives it to the next", async () => {
    const release = await lockFolder(folder.path);
    await expect(lockFolder(folder.path)).rejects.toThrow(FolderInUse);
    await release();
    const again = await lockFolder(folder.path);
    await again();
    expect(await readdir(folder.path)).toEqual([]);
  });

  it("[LG9] a process that was killed holds nothing", async () => {
    const holder = await contender(folder.path);
    await expect(lockFolder(folder.path)).rejects.toThrow(/in use by another process/);
    await holder.kill();
    const release = await lockFolder(folder.path);
    await expect(lockFolder(folder.path)).rejects.toThrow(FolderInUse);
    await release();
  });

  it("[LG9] a long path is no obstacle", async () => {
    const long = join(folder.path, "x".repeat(200));
    await mkdir(long);
    const release = await lockFolder(long);
    await expect(lockFolder(long)).rejects.toThrow(FolderInUse);
    await release();
  });

  it("[LG9] of many who want a lock that was left behind, exactly one gets it", async () => {
    await (await contender(folder.path)).kill();
    const contenders = await Promise.all(Array.from({ length: 4 }, () => contender(folder.path)));
    const said = contenders.map((one) => one.said).toSorted();
    await Promise.all(contenders.map((one) => one.kill()));
    expect(said).toEqual(["FolderInUse", "FolderInUse", "FolderInUse", "held"]);
  });
});
