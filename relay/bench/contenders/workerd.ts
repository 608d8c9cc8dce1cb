import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { arch } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { askThrough, type Channel, openChannel } from "../channel.ts";
import { startServer } from "../server-process.ts";
import { type Case, type Contender, counted, populations } from "./contender.ts";
import { everyChannel, requestFrame } from "./requests.ts";

/**
 * workerd with a Durable Object per peer, each at the other end of a WebSocket of its own, as each circle is. Over HTTP, a
 * request a message, it answers a tenth as many reads and no more writes: here it is as fast as it can be asked.
 */
export async function startWorkerd({ folder, many }: { folder: string; many: number }): Promise<Contender> {
  const objects = join(folder, "workerd");
  await mkdir(objects);
  const config = fileURLToPath(new URL("workerd.capnp", import.meta.url));
  const server = await startServer(["serve", config, "--control-fd=1", `--directory-path=objects=${objects}`], {
    program: createRequire(import.meta.url).resolve(
      `@cloudflare/workerd-linux-${arch() === "arm64" ? "arm64" : "64"}/bin/workerd`,
    ),
    stopSignal: "SIGKILL", // on SIGTERM it waits until all connections are closed
    urlOf: (line) => `ws://127.0.0.1:${(JSON.parse(line) as { port: number }).port}`,
  });
  const cases: Case[] = [];
  for (const { id, count } of populations(many)) {
    const channels: Channel[] = [];
    for (let i = 0; i < count; i++) channels.push(await openChannel(`${server.url}/${id}-${i}`));
    for (const work of ["read", "write"] as const) {
      cases.push({
        id: `workerd/${id}/${work}`,
        what: `${counted(count, "object")}, ${work}`,
        prepare: () => askThrough(channels, everyChannel(count, requestFrame(work))),
      });
    }
  }
  return {
    name: "workerd Durable Objects",
    durability: "an answer is sent when SQLite has synced what was written before it",
    pids: [server.pid],
    cases,
    stop: () => server.stop(),
  };
}
