import { fileURLToPath } from "node:url";
import { askThrough, openChannel } from "../channel.ts";
import { startServer } from "../server-process.ts";
import type { Contender } from "./contender.ts";
import { everyChannel, requestFrame } from "./requests.ts";

/** The least that any relay on `ws` can cost: what came goes back. */
export async function startWsEcho(): Promise<Contender> {
  const server = await startServer([fileURLToPath(new URL("ws-echo-server.mjs", import.meta.url))]);
  const channels = [await openChannel(server.url)];
  return {
    name: "bare ws echo",
    durability: "keeps nothing",
    pids: [server.pid],
    cases: [
      { id: "echo/one/echo", what: "echo", prepare: () => askThrough(channels, everyChannel(1, requestFrame("read"))) },
    ],
    stop: () => server.stop(),
  };
}
