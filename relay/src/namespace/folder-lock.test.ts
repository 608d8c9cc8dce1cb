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

  /** A process that tries to take the lock when it is told to. */
  const contender = async () => {
    const program = `import { lockFolder } from ${JSON.stringify(new URL("./folder-lock.ts", import.meta.url).href)};
      process.stdin.once("data", (path) =>
        lockFolder(String(path)).then(() => console.log("held"), (error) => console.log(error.name)));
      console.log("up");`;
    const typescript = new URL("../../../scripts/typescript.mjs", import.meta.url).href;
    const args = ["--import", typescript, "--input-type=module", "-e", program];
    const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
    await once(child.stdout, "data");
    return {
      async lock(path: string): Promise<string> {
        const said = once(child.stdout, "data") as Promise<[Buffer]>;
        child.stdin.write(path);
        return String((await said)[0]).trim();
      },
      stop: () => child.kill("SIGSTOP"),
      async kill(): Promise<void> {
        const exit = once(child, "exit");
        child.kill("SIGKILL");
        await exit;
      },
    };
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
    const holder = await contender();
    expect(await holder.lock(folder.path)).toBe("held");
    await expect(lockFolder(folder.path)).rejects.toThrow(/in use by another process/);
    await holder.kill();
    const release = await lockFolder(folder.path);
    await expect(lockFolder(folder.path)).rejects.toThrow(FolderInUse);
    await release();
  });

  it("[LG9] those that share it keep out only those that do not, and the other way round", async () => {
    const shared = await Promise.all([1, 2, 3].map(() => lockFolder(folder.path, { isShared: true })));
    await expect(lockFolder(folder.path)).rejects.toThrow(FolderInUse);
    for (const release of shared) await release();
    const release = await lockFolder(folder.path);
    await expect(lockFolder(folder.path, { isShared: true })).rejects.toThrow(FolderInUse);
    await release();
    expect(await readdir(folder.path)).toEqual([]);
  });

  it("[LG9] of some that share it and some that do not, coming at once, one kind gets it", async () => {
    for (let round = 0; round < 20; round++) {
      const tries = [true, false, true, false].map((isShared) =>
        lockFolder(folder.path, { isShared }).then(
          (release) => ({ isShared, release }),
          () => undefined,
        ),
      );
      const held = (await Promise.all(tries)).flatMap((one) => one ?? []);
      const alone = held.filter(({ isShared }) => !isShared).length;
      expect(alone === 0 || held.length === 1).toBe(true);
      for (const { release } of held) await release();
    }
  });

  it("[LG9] a long path is no obstacle", async () => {
    const long = join(folder.path, "x".repeat(200));
    await mkdir(long);
    const release = await lockFolder(long);
    await expect(lockFolder(long)).rejects.toThrow(FolderInUse);
    await release();
  });

  it("[LG9] of many who want a lock that was left behind at the same time, exactly one gets it", async () => {
    for (let round = 0; round < 5; round++) {
      const [killed, ...contenders] = await Promise.all(Array.from({ length: 6 }, contender));
      await killed?.lock(folder.path);
      await killed?.kill();
      const said = await Promise.all(contenders.map((one) => one.lock(folder.path)));
      await Promise.all(contenders.map((one) => one.kill()));
      expect(said.toSorted()).toEqual([...Array.from({ length: 4 }, () => "FolderInUse"), "held"]);
    }
  });

  it("[LG9] a process that is stopped keeps its folder", async () => {
    const holder = await contender();
    await holder.lock(folder.path);
    holder.stop();
    await expect(lockFolder(folder.path)).rejects.toThrow(FolderInUse);
    await holder.kill();
    await (await lockFolder(folder.path))();
    expect(await readdir(folder.path)).toEqual([]);
  });
});
