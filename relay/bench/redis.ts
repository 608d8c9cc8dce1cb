import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Queue, QueueEvents } from "bullmq";
import { createClient } from "redis";
import { RedisServer } from "../test/redis-server.ts";
import { middle } from "./disk.ts";
import { load } from "./load.ts";
import { circleKey, dialCircles, makePlays } from "./plays.ts";
import { type ServerProcess, startServer } from "./server-process.ts";

/** What is measured, one after the other in every round. `cpuSeconds` of the processes that serve. */
type Case = {
  readonly name: string;
  readonly measure: (seconds: number) => Promise<{ perSecond: number; cpuSeconds: number }>;
};

type Row = { readonly perSecond: number; readonly ofBare: number; readonly ofBull: number; readonly cpuMs: number };

const isShort = process.argv.includes("--short");
const { rounds, seconds, circles } = isShort
  ? { rounds: 1, seconds: 0.3, circles: 100 }
  : { rounds: 5, seconds: 2, circles: 1_000 };
const IN_FLIGHT = 64;
const IDLE_CIRCLES = 100_000;
/** As long as the params of a signed play of a trivial script. */
const PLAY_TEXT = "x".repeat(600);
const MOST_PLAYS_PER_SECOND = 15_000;
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const redis = await RedisServer.start();
const folder = await mkdtemp(join(process.cwd(), "circles-data-bench-"));
const typescript = new URL("../../scripts/typescript.mjs", import.meta.url).href;
const responder = await startServer(["--import", typescript, path("redis-responder.ts"), redis.url]);
const bullWorker = await startServer(["--import", typescript, path("bullmq-worker.ts"), redis.url]);
const common = ["--port", "0", "--open", "--log-level", "warn"];
const program = path("../bin/circles-relay.cjs");
const withRedis = ["--redis-url", redis.url, "--with-worker", "--gateway-key-file", join(folder, "gateway.key")];
const throughRedis = await startServer([program, ...common, "--db-path", join(folder, "redis"), ...withRedis]);
const embedded = await startServer([program, ...common, "--db-path", join(folder, "embedded")]);
try {
  const idleBytes = await measureIdleCircles();
  const bull = await bullMq();
  const cases = [
    bare(),
    bull.case,
    ...(await plays("embedded", embedded)),
    ...(await plays("through Redis", throughRedis)),
  ];
  const rows = cases.map((): Row[] => []);
  for (let round = -1; round < rounds; round++) {
    const measured = [];
    for (const { measure } of cases) measured.push(await measure(round < 0 ? Math.min(0.5, seconds) : seconds));
    if (round < 0) continue;
    const [bareRate = 1, bullRate = 1] = measured.map(({ perSecond }) => perSecond);
    for (const [i, { perSecond, cpuSeconds }] of measured.entries()) {
      const cpuMs = (cpuSeconds * 1_000) / (perSecond * seconds);
      rows[i]?.push({ perSecond, ofBare: perSecond / bareRate, ofBull: perSecond / bullRate, cpuMs });
    }
  }
  await bull.close();
  console.log(
    `Node ${process.version}; medians of ${rounds} interleaved rounds of ${seconds} s, ${IN_FLIGHT} in flight, signed plays`,
  );
  console.table(
    cases.map(({ name }, i) => ({
      what: name,
      "per second": Math.round(middle((rows[i] ?? []).map((row) => row.perSecond))),
      "of bare Redis": `${(100 * middle((rows[i] ?? []).map((row) => row.ofBare))).toFixed(1)} %`,
      "× BullMQ": Number(middle((rows[i] ?? []).map((row) => row.ofBull)).toFixed(2)),
      "CPU ms each": Number(middle((rows[i] ?? []).map((row) => row.cpuMs)).toFixed(3)),
    })),
  );
  console.log(
    `an idle circle takes ${idleBytes.toFixed(0)} bytes of Redis' memory (of ${IDLE_CIRCLES.toLocaleString("en")})`,
  );
} finally {
  await Promise.all([responder, bullWorker, throughRedis, embedded].map((server) => server.stop()));
  await redis.stop();
  await rm(folder, { recursive: true });
}
process.exit(0); // connections of the load are still open

/** Requests as large as a signed play, each awaited by its id; both sides pop in batches: what Redis itself allows. */
function bare(): Case {
  return {
    name: "bare Redis, request and reply, popped in batches",
    async measure(time) {
      const options = { url: redis.url, RESP: 2 as const, commandOptions: { timeout: undefined as unknown as number } };
      const [asking, hearing] = [createClient(options), createClient(options)];
      await Promise.all([asking.connect(), hearing.connect()]);
      const waiting = new Map<number, () => void>();
      const before = responder.cpuSeconds();
      const end = performance.now() + time * 1_000;
      let asked = 0;
      let answered = 0;
      const one = async () => {
        while (performance.now() < end) {
          const id = asked++;
          const reply = new Promise<void>((resolve) => waiting.set(id, resolve));
          await asking.sendCommand(["LPUSH", "bench:requests", JSON.stringify({ id, play: PLAY_TEXT })]);
          await reply;
          answered += 1;
        }
      };
      const callers = Promise.all(Array.from({ length: IN_FLIGHT }, one));
      while (performance.now() < end || waiting.size > 0) {
        const popped = (await hearing.sendCommand(["BLMPOP", "1", "1", "bench:replies", "RIGHT", "COUNT", "512"])) as
          | [string, string[]]
          | null;
        for (const text of popped?.[1] ?? []) {
          const { id } = JSON.parse(text) as { id: number };
          waiting.get(id)?.();
          waiting.delete(id);
        }
      }
      await callers;
      for (const client of [asking, hearing]) client.destroy();
      return { perSecond: answered / time, cpuSeconds: responder.cpuSeconds() - before };
    },
  };
}

async function plays(what: string, server: ServerProcess): Promise<Case[]> {
  const cases: Case[] = [];
  for (const count of [1, circles]) {
    const keys = Array.from({ length: count }, (_, i) => circleKey(count + i));
    const channels = await dialCircles(server.url, keys);
    for (const script of ["1 + 1", "data.set('n', (data.get('n') ?? 0) + 1)"]) {
      cases.push({
        name: `${what}, ${count.toLocaleString("en")} circle${count > 1 ? "s" : ""}, ${script === "1 + 1" ? "no write" : "write"}`,
        async measure(time) {
          const made = makePlays(keys, { script, signed: true }, Math.ceil(MOST_PLAYS_PER_SECOND * time)).values();
          const before = server.cpuSeconds();
          const { perSecond } = await load(channels, made, { inFlight: IN_FLIGHT, seconds: time });
          return { perSecond, cpuSeconds: server.cpuSeconds() - before };
        },
      });
    }
  }
  return cases;
}

/** Jobs that are awaited one by one, as its documentation shows, with a sandboxed processor. */
async function bullMq(): Promise<{ case: Case; close: () => Promise<void> }> {
  const { hostname: host, port } = new URL(redis.url);
  const connection = { host, port: Number(port) };
  // What is removed as it ends can be gone before it is awaited: "Missing key for job".
  const queue = new Queue("bench", { connection, defaultJobOptions: { removeOnComplete: 1_000 } });
  const events = new QueueEvents("bench", { connection });
  await events.waitUntilReady();
  for (const emitter of [queue, events]) emitter.setMaxListeners(0);
  return {
    case: {
      name: "BullMQ, sandboxed processor, no signatures",
      async measure(time) {
        const before = bullWorker.cpuSeconds();
        const end = performance.now() + time * 1_000;
        let answered = 0;
        const one = async () => {
          while (performance.now() < end) {
            const job = await queue.add("add", { n: answered });
            await job.waitUntilFinished(events);
            answered += 1;
          }
        };
        await Promise.all(Array.from({ length: IN_FLIGHT }, one));
        return { perSecond: answered / time, cpuSeconds: bullWorker.cpuSeconds() - before };
      },
    },
    close: async () => {
      await Promise.all([events.close(), queue.close()]);
    },
  };
}

/** What Redis keeps of a circle in which nothing happens: who has it, for half an hour, as the scripts write that. */
async function measureIdleCircles(): Promise<number> {
  const client = createClient({ url: redis.url, RESP: 2 });
  await client.connect();
  const used = async () => Number(/used_memory:(\d+)/.exec(await client.sendCommand<string>(["INFO", "memory"]))?.[1]);
  const owner = "return redis.call('GET', redis.call('KEYS', 'rhailib:sys:circle:*')[1])";
  const channels = await dialCircles(throughRedis.url, [circleKey(0)]);
  await load(channels, makePlays([circleKey(0)], { script: "1", signed: true }, 1).values(), {
    inFlight: 1,
    seconds: 1,
  });
  for (const { socket } of channels) socket.close();
  const value = await client.sendCommand<string>(["EVAL", owner, "0"]);
  const fill = `for i = 1, ARGV[2] do
    redis.call('SET', 'rhailib:sys:circle:02' .. string.format('%064x', i), ARGV[1], 'PX', 1800000) end`;
  const before = await used();
  await client.sendCommand(["EVAL", fill, "0", value, String(IDLE_CIRCLES)]);
  const bytes = ((await used()) - before) / IDLE_CIRCLES;
  await client.sendCommand(["FLUSHALL"]);
  client.destroy();
  return bytes;
}
