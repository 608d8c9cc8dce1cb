import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
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

const isShort = process.argv.includes("--short");
const { rounds, seconds, circles } = isShort
  ? { rounds: 1, seconds: 0.3, circles: 100 }
  : { rounds: 5, seconds: 2, circles: 1_000 };
const IN_FLIGHT = 64;
const MOST_PLAYS_PER_SECOND = 15_000;
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const redis = await RedisServer.start();
const folder = await mkdtemp(join(process.cwd(), "circles-data-bench-"));
const typescript = new URL("../../scripts/typescript.mjs", import.meta.url).href;
const responder = await startServer(["--import", typescript, path("redis-responder.ts"), redis.url]);
const common = ["--port", "0", "--open", "--log-level", "warn"];
const program = path("../bin/circles-relay.cjs");
const withRedis = ["--redis-url", redis.url, "--with-worker", "--gateway-key-file", join(folder, "gateway.key")];
const throughRedis = await startServer([program, ...common, "--db-path", join(folder, "redis"), ...withRedis]);
const embedded = await startServer([program, ...common, "--db-path", join(folder, "embedded")]);
try {
  const cases = [bare(), ...(await plays("embedded", embedded)), ...(await plays("through Redis", throughRedis))];
  const rows = cases.map((): { perSecond: number; ofBare: number; cpuMs: number }[] => []);
  for (let round = -1; round < rounds; round++) {
    let bareRate = 1;
    for (const [i, { measure }] of cases.entries()) {
      const { perSecond, cpuSeconds } = await measure(round < 0 ? Math.min(0.5, seconds) : seconds);
      if (i === 0) bareRate = perSecond;
      const cpuMs = (cpuSeconds * 1_000) / (perSecond * seconds);
      if (round >= 0) rows[i]?.push({ perSecond, ofBare: perSecond / bareRate, cpuMs });
    }
  }
  console.log(
    `Node ${process.version}; medians of ${rounds} interleaved rounds of ${seconds} s, ${IN_FLIGHT} in flight, signed plays`,
  );
  console.table(
    cases.map(({ name }, i) => ({
      what: name,
      "per second": Math.round(middle((rows[i] ?? []).map((row) => row.perSecond))),
      "of bare Redis": `${(100 * middle((rows[i] ?? []).map((row) => row.ofBare))).toFixed(1)} %`,
      "CPU ms each": Number(middle((rows[i] ?? []).map((row) => row.cpuMs)).toFixed(3)),
    })),
  );
} finally {
  await Promise.all([responder, throughRedis, embedded].map((server) => server.stop()));
  await redis.stop();
  await rm(folder, { recursive: true });
}
process.exit(0); // connections of the load are still open

/** Texts pushed one by one to a list and answered through another, popped in batches: what Redis itself allows. */
function bare(): Case {
  return {
    name: "bare Redis, request and reply, popped in batches",
    async measure(time) {
      const options = { url: redis.url, RESP: 2 as const, commandOptions: { timeout: undefined as unknown as number } };
      const [asking, hearing] = [createClient(options), createClient(options)];
      await Promise.all([asking.connect(), hearing.connect()]);
      const before = responder.cpuSeconds();
      const end = performance.now() + time * 1_000;
      let answered = 0;
      await asking.sendCommand([
        "RPUSH",
        "bench:requests",
        ...Array.from({ length: IN_FLIGHT }, () => "x".repeat(200)),
      ]);
      while (performance.now() < end) {
        const popped = (await hearing.sendCommand(["BLMPOP", "1", "1", "bench:replies", "LEFT", "COUNT", "512"])) as
          | [string, string[]]
          | null;
        if (!popped) continue;
        answered += popped[1].length;
        for (const text of popped[1]) void asking.sendCommand(["RPUSH", "bench:requests", text]);
      }
      await asking.sendCommand(["DEL", "bench:requests", "bench:replies"]);
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
