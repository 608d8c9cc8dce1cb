import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { link, lstat, open, rename, unlink } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";

/** Another process has the folder. */
export class FolderInUse extends Error {
  override name = "FolderInUse";
}

/** Somebody else changed the lock meanwhile: looked at again, it is held or free. */
const MOST_TRIES = 10;

/**
 * Makes sure that one process at a time works in a folder. The lock is a local socket on which its holder listens: the
 * system takes it away from a process that was killed, and knows no time after which a slow one counts as dead.
 * Resolves with what releases it. @throws {FolderInUse}
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const lock = join(folder, "relay.lock");
  const name = `relay.lock.${randomUUID()}`;
  const own = join(folder, name);
  const handle = await open(folder);
  try {
    // Names of sockets are short; on Linux an open folder is reached by one.
    const near = process.platform === "linux" ? `/proc/self/fd/${handle.fd}` : folder;
    const server = await listen(join(near, name));
    for (let i = 0; i < MOST_TRIES; i++) {
      if (await tryTo(link(own, lock), "EEXIST")) {
        await unlink(own);
        return async () => {
          await unlink(lock);
          server.close();
        };
      }
      if (await isHeld(join(near, "relay.lock"))) {
        server.close(); // and its name with it
        throw new FolderInUse(`db path: ${folder} is in use by another process`);
      }
      await removeLeft(lock, `${own}.left`);
    }
    server.close();
    throw new FolderInUse(`db path: ${folder} is being taken by other processes`);
  } finally {
    await handle.close();
  }
}

async function listen(near: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  server.listen(near);
  await once(server, "listening");
  return server.unref();
}

async function isHeld(near: string): Promise<boolean> {
  const socket = connect(near);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false; // nobody listens there any more, or it is gone
  } finally {
    socket.destroy();
  }
}

/** Removes a lock that its holder left behind when it was killed, and no other that came in its place meanwhile. */
async function removeLeft(lock: string, aside: string): Promise<void> {
  const left = await lstat(lock).catch(() => undefined);
  if (!left || !(await tryTo(rename(lock, aside), "ENOENT"))) return;
  const taken = await lstat(aside);
  if (taken.ino !== left.ino) await tryTo(link(aside, lock), "EEXIST");
  await unlink(aside);
}

/** Answers whether it worked; failing with `code` is an answer too. */
async function tryTo(work: Promise<unknown>, code: string): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === code) return false;
    throw error;
  }
}
