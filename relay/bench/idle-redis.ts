/** What Redis keeps of a circle in which nothing happens: who has it, for half an hour, as the scripts write that. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RedisServer } from "../test/redis-server.ts";
import { askThrough } from "./channel.ts";
import { load } from "./load.ts";
import { circleKey, dialCircles, makePlays } from "./plays.ts";
import { startServer } from "./server-process.ts";

const CIRCLES = 100_000;
const OWNER = "return redis.call('GET', redis.call('KEYS', 'rhailib:sys:circle:*')[1])";
const FILL = `for i = 1, ARGV[2] do
  redis.call('SET', 'rhailib:sys:circle:02' .. string.format('%064x', i), ARGV[1], 'PX', 1800000) end`;

const redis = await RedisServer.start();
const folder = await mkdtemp(join(tmpdir(), "circles-bench-"));
const common = ["--port", "0", "--open", "--log-level", "warn", "--db-path", folder];
const withRedis = ["--redis-url", redis.url, "--with-worker", "--gateway-key-file", join(folder, "gateway.key")];
const program = fileURLToPath(new URL("../bin/circles-relay.cjs", import.meta.url));
const relay = await startServer([program, ...common, ...withRedis]);
try {
  const channels = await dialCircles(relay.url, [circleKey(0)]);
  const play = makePlays([circleKey(0)], { script: "1", signed: true }, 1).values();
  await load(askThrough(channels, play), { inFlight: 1, seconds: 1 });
  for (const { socket } of channels) socket.close();
  const owner = String(await redis.ask("EVAL", OWNER, "0"));
  const before = await usedBytes();
  await redis.ask("EVAL", FILL, "0", owner, String(CIRCLES));
  const bytes = ((await usedBytes()) - before) / CIRCLES;
  console.log(
    `an idle circle takes ${bytes.toFixed(0)} bytes of Redis' memory (of ${CIRCLES.toLocaleString("en")} circles)`,
  );
} finally {
  await relay.stop();
  await redis.stop();
  await rm(folder, { recursive: true });
}

async function usedBytes(): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(String(await redis.ask("INFO", "memory")))?.[1]);
}
