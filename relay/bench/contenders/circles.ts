import { join } from "node:path";
import { RedisServer } from "../../test/redis-server.ts";
import { askThrough } from "../channel.ts";
import { circleKeys, dialCircles, makePlays } from "../plays.ts";
import { startRelay } from "../relay-process.ts";
import { type Case, type Contender, counted, populations } from "./contender.ts";

const SCRIPTS = { read: "data.get('n')", write: "data.set('n', (data.get('n') ?? 0) + 1)" };
const STRICT = "strict: an answer is sent when the play's record is synced";

type Options = {
  readonly folder: string;
  readonly many: number;
  /** Flags for Node itself. Default: none. */
  readonly node?: readonly string[];
};

/** `npx circles-relay` as it is: everything in one process. */
export async function startEmbedded({ folder, many, node }: Options): Promise<Contender> {
  const relay = await startRelay(join(folder, "embedded"), [], node);
  return {
    name: "Circles, embedded",
    durability: STRICT,
    pids: [relay.pid],
    cases: await casesOf("embedded", relay.url, many),
    stop: () => relay.stop(),
  };
}

/** Gateway and worker in one process, and between them a Redis of their own. */
export async function startThroughRedis({ folder, many, node }: Options): Promise<Contender> {
  const redis = await RedisServer.start();
  const key = join(folder, "gateway.key");
  const flags = ["--redis-url", redis.url, "--with-worker", "--gateway-key-file", key];
  const relay = await startRelay(join(folder, "redis"), flags, node);
  return {
    name: "Circles, through Redis",
    durability: `${STRICT}; Redis itself keeps nothing on the disk`,
    pids: [relay.pid, redis.pid],
    cases: await casesOf("redis", relay.url, many),
    async stop() {
      await relay.stop();
      await redis.stop();
    },
  };
}

async function casesOf(contender: string, url: string, many: number): Promise<Case[]> {
  const cases: Case[] = [];
  for (const { id, count } of populations(many)) {
    const circles = circleKeys(count, { first: count });
    const channels = await dialCircles(url, circles);
    for (const work of ["read", "write"] as const) {
      cases.push({
        id: `${contender}/${id}/${work}`,
        what: `${counted(count, "circle")}, ${work}`,
        prepare: (plays) =>
          askThrough(channels, makePlays(circles, { script: SCRIPTS[work], signed: true }, plays).values()),
      });
    }
  }
  return cases;
}
