import { fileURLToPath } from "node:url";
import { createClient } from "redis";
import { RedisServer } from "../../test/redis-server.ts";
import type { Ask } from "../load.ts";
import { startServer } from "../server-process.ts";
import type { Contender } from "./contender.ts";
import { PARAMS } from "./requests.ts";

/** What Redis itself allows: a list of requests and one of replies, both popped in batches, each reply found by its id. */
export async function startBareRedis(): Promise<Contender> {
  const redis = await RedisServer.start();
  const responder = await startServer([fileURLToPath(new URL("redis-responder.mjs", import.meta.url)), redis.url]);
  const options = {
    url: redis.url,
    RESP: 2 as const,
    commandOptions: { timeout: undefined as unknown as number }, // an AbortSignal per command costs more than the command
  };
  const [asking, hearing] = [createClient(options), createClient(options)];
  await Promise.all([asking.connect(), hearing.connect()]);
  const waiting = new Map<number, () => void>();
  let asked = 0;
  const ask: Ask = (answered, failed) => {
    const id = asked++;
    waiting.set(id, answered);
    asking.sendCommand(["LPUSH", "bench:requests", JSON.stringify({ id, params: PARAMS })]).catch(failed);
    return true;
  };
  let isOpen = true;
  const heard = (async () => {
    while (isOpen) {
      const popped = (await hearing.sendCommand(["BLMPOP", "0.1", "1", "bench:replies", "RIGHT", "COUNT", "512"])) as
        | [string, string[]]
        | null;
      for (const text of popped?.[1] ?? []) {
        const { id } = JSON.parse(text) as { id: number };
        waiting.get(id)?.();
        waiting.delete(id);
      }
    }
  })();
  return {
    name: "bare Redis",
    durability: "keeps nothing on the disk",
    pids: [responder.pid, redis.pid],
    cases: [{ id: "bare-redis/one/reply", what: "request and reply in batches", prepare: () => ask }],
    async stop() {
      isOpen = false;
      await heard;
      for (const client of [asking, hearing]) client.destroy();
      await responder.stop();
      await redis.stop();
    },
  };
}
