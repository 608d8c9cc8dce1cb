import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { link, open, readdir, rm, unlink } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

/** Another process has the folder. */
export class FolderInUse extends Error {
  override name = "FolderInUse";
}

const NAME = /^relay\.lock\.[0-9a-f-]{36}$/;
/** How often a process looks again while others try as well, and how long it waits in between at most. */
const MOST_TRIES = 100;
const MOST_WAIT_MS = 20;
/** Who takes a call and says nothing is alive: a slow process keeps its folder. */
const MOST_SILENCE_MS = 1_000;

/**
 * Makes sure that one process at a time works in a folder. Each that wants to listens on a local socket under a name of
 * its own: the system takes it away from a process that was killed. A process has the folder when it finds nobody else
 * listening after it could be found itself, so of two at most one does. Where several try, the first by name stays and
 * the others hide. Those that share it keep out only those that do not. Resolves with what releases the folder.
 * @throws {FolderInUse}
 */
export async function lockFolder(folder: string, { isShared = false } = {}): Promise<() => Promise<void>> {
  const handle = await open(folder);
  // Names of sockets are short; on Linux an open folder is reached by one.
  const near = process.platform === "linux" ? `/proc/self/fd/${handle.fd}` : folder;
  const name = `relay.lock.${randomUUID()}`;
  const [own, shown] = [join(folder, `${name}.own`), join(folder, name)];
  let says: Answer = isShared ? "sharing" : "trying";
  const server = await listen(join(near, `${name}.own`), () => says);
  let isShown = false;
  try {
    for (let i = 0; i < MOST_TRIES; i++) {
      const all = await findOthers({ folder, near, name });
      const others = isShared ? all.filter((other) => other.says !== "sharing") : all;
      if (others.some((other) => other.says !== "trying")) {
        throw new FolderInUse(`db path: ${folder} is in use by another process`);
      }
      if (others.length === 0 && isShown) {
        if (!isShared) says = "holding";
        return async () => {
          await rm(shown, { force: true }); // whoever closes twice has closed
          server.close();
        };
      }
      if (others.length === 0) {
        await link(own, shown); // only now that it listens: who is found and does not answer is dead
        isShown = true;
        continue;
      }
      if (isShared && !isShown) {
        await link(own, shown); // whoever is trying finds it, and gives way or has the folder
        isShown = true;
      }
      if (!isShared && isShown && others.some((other) => other.name < name)) {
        await unlink(shown);
        isShown = false;
      }
      await wait(Math.random() * MOST_WAIT_MS);
    }
    throw new FolderInUse(`db path: ${folder} is being taken by other processes`);
  } catch (error) {
    if (isShown) await unlink(shown);
    server.close();
    throw error;
  } finally {
    await rm(own, { force: true }); // closing the server may have removed it
    await handle.close();
  }
}

type Answer = "trying" | "holding" | "sharing";

async function listen(path: string, answer: () => Answer): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", () => {}); // who asked is gone
    socket.end(answer());
  });
  server.listen(path);
  await once(server, "listening");
  return server.unref();
}

type Place = { readonly folder: string; readonly near: string; readonly name: string };

/** The others who listen in the folder. What the dead left behind is removed: nobody ever uses their names again. */
async function findOthers({ folder, near, name }: Place): Promise<{ name: string; says: Answer }[]> {
  const names = (await readdir(folder)).filter((other) => NAME.test(other) && other !== name);
  const answers = await Promise.all(
    names.map(async (other) => {
      const says = await ask(join(near, other));
      if (!says) await rm(join(folder, other), { force: true }); // or another has
      return says ? [{ name: other, says }] : [];
    }),
  );
  return answers.flat();
}

/** What the process that listens at a path says; `undefined` if there is none. */
async function ask(path: string): Promise<Answer | undefined> {
  const socket = connect(path);
  try {
    await once(socket, "connect");
    const said = await Promise.race([readAll(socket), wait(MOST_SILENCE_MS, "nothing", { ref: false })]);
    return said === "trying" || said === "sharing" ? said : "holding";
  } catch (error) {
    const isDead = ["ECONNREFUSED", "ENOENT"].includes((error as NodeJS.ErrnoException).code ?? "");
    return isDead ? undefined : "holding";
  } finally {
    socket.destroy();
  }
}

async function readAll(socket: Socket): Promise<string> {
  let said = "";
  for await (const data of socket) said += String(data);
  return said;
}
