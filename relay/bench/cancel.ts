/** How long a busy play goes on after it was cancelled: until its caller has the outcome, in milliseconds. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Circle, connect, ErrorCode, generateKeypair, WireError } from "@circles/sdk";
import { RedisServer } from "../test/redis-server.ts";
import { startServer } from "./server-process.ts";

const CANCELS = process.argv.includes("--short") ? 10 : 50;
const AIM_MS = 250;

/** Each says that it is busy, and never ends. The last one is inside one call of the engine, which hears of nothing. */
const BUSY: Readonly<Record<string, string>> = {
  "a loop": "for (;;) {}",
  "a loop of reads": "for (;;) data.get('n');",
  "an endless built-in": "[].indexOf.call({ length: 2 ** 53 - 1 }, 1)",
};

type Stop = (circle: Circle, script: string) => Promise<number>;
const STOPS: Readonly<Record<string, Stop>> = {
  "play.cancel()": async (circle, script) => {
    const play = circle.play(script, null, { timeoutMs: 60_000 });
    for await (const _ of play) break;
    const start = performance.now();
    play.cancel().catch(() => {});
    return endOf(play.played, start, isCancelled);
  },
  "its signal": async (circle, script) => {
    const stop = new AbortController();
    const play = circle.play(script, null, { timeoutMs: 60_000, signal: stop.signal });
    for await (const _ of play) break;
    const start = performance.now();
    stop.abort();
    return endOf(play.played, start, (error) => error === stop.signal.reason);
  },
};

const folder = await mkdtemp(join(tmpdir(), "circles-bench-"));
const redis = await RedisServer.start();
const program = fileURLToPath(new URL("../bin/circles-relay.cjs", import.meta.url));
const common = ["--port", "0", "--log-level", "error"];
const withRedis = ["--redis-url", redis.url, "--with-worker", "--gateway-key-file", join(folder, "gateway.key")];
const relays = {
  embedded: await startServer([program, ...common, "--db-path", join(folder, "embedded")]),
  "through Redis": await startServer([program, ...common, "--db-path", join(folder, "redis"), ...withRedis]),
};
try {
  const rows = [];
  for (const [relay, { url }] of Object.entries(relays)) {
    for (const [busy, code] of Object.entries(BUSY)) {
      for (const [by, stop] of Object.entries(STOPS))
        rows.push({ relay, busy, by, ...(await measure(url, code, stop)) });
    }
  }
  console.log(`Node ${process.version}; ${CANCELS} cancels each, milliseconds until the caller has the outcome`);
  console.table(rows);
  const isMet = rows.every(({ max }) => max < AIM_MS);
  console.log(`aim: every one within ${AIM_MS} ms: ${isMet ? "met" : "MISSED"}`);
} finally {
  await Promise.all(Object.values(relays).map((relay) => relay.stop()));
  await redis.stop();
  await rm(folder, { recursive: true });
}

/** Beside each cancel a play of nothing, as long as what disturbs the machine makes that. */
async function measure(url: string, code: string, stop: Stop): Promise<Record<string, number> & { max: number }> {
  const signer = generateKeypair();
  const circle = await connect(`${url}/${signer.publicKey}`, { signer });
  await circle.play("data.set('n', 1)");
  const [cancels, plays]: [number[], number[]] = [[], []];
  for (let i = 0; i < CANCELS; i++) {
    cancels.push(await stop(circle, `data.set("n", 2); print("busy"); ${code}`));
    const start = performance.now();
    await circle.play("1");
    plays.push(performance.now() - start);
  }
  const n = await circle.play("data.get('n')");
  if (n !== 1) throw new Error(`cancel: expected that nothing was written, got ${String(n)}`);
  circle.close();
  const [all, beside] = [cancels, plays].map((times) => times.toSorted((a, b) => a - b)) as [number[], number[]];
  const shown = (ms = Number.NaN) => Number(ms.toFixed(1));
  return {
    median: shown(all[all.length >> 1]),
    max: shown(all.at(-1)),
    "a play, median": shown(beside[beside.length >> 1]),
    "a play, max": shown(beside.at(-1)),
  };
}

async function endOf(played: Promise<unknown>, start: number, isMeant: (error: unknown) => boolean): Promise<number> {
  const error: unknown = await played.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  const ms = performance.now() - start;
  if (!isMeant(error))
    throw new Error("cancel: expected the play to be cancelled, it ended otherwise", { cause: error });
  return ms;
}

function isCancelled(error: unknown): boolean {
  return error instanceof WireError && error.code === ErrorCode.Cancelled;
}
