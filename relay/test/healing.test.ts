import { connect } from "@circles/sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RunningRelay } from "../src/bin/relay.ts";
import { TcpProxy } from "./chaos/tcp-proxy.ts";
import { findFreePort } from "./free-port.ts";
import { alice } from "./people.ts";
import { startRelayInProcess } from "./relay-in-process.ts";

describe("a connection that is cut", () => {
  let relay: RunningRelay;
  let line: TcpProxy;
  beforeEach(async () => {
    const port = await findFreePort();
    line = await TcpProxy.start(port);
    relay = await startRelayInProcess({ port, publicUrl: new URL(`ws://127.0.0.1:${line.port}`) });
  });
  afterEach(async () => {
    line.close();
    await relay.close();
  });

  it("[S10] 100 times during 1,000 events delivers each event once and in order, and nothing runs twice", async () => {
    const circle = await connect(`${relay.url}/${alice.publicKey}`, { signer: alice });
    let cuts = 0;
    for (let round = 0; round < 20; round++) {
      const play = circle.play(
        ({ args, data, print }) => {
          data.set("runs", (data.get("runs") ?? 0) + 1);
          for (let i = 0; i < 50; i++) {
            for (const end = Date.now() + args.ms; Date.now() < end; );
            print(i);
          }
        },
        { ms: 2 },
      );
      const heard: unknown[] = [];
      for await (const { data } of play) {
        if (heard.push(data) % 10 !== 5) continue;
        line.cut();
        cuts += 1;
      }
      await play;
      expect(heard).toEqual(Array.from({ length: 50 }, (_, i) => String(i)));
    }
    expect(cuts).toBe(100);
    expect(await circle.play(({ data }) => data.get("runs"))).toBe(20);
    circle.close();
  });

  it("[S10] under plays that are sent all the time loses none and runs none twice, in their order", async () => {
    const circle = await connect(`${relay.url}/${alice.publicKey}`, { signer: alice });
    const cutting = setInterval(() => line.cut(), 250);
    try {
      const plays = Array.from({ length: 300 }, async (_, n) => {
        await new Promise((resolve) => setTimeout(resolve, n * 10));
        return circle.play("const all = data.get('all') ?? []; data.set('all', [...all, args]); all.length", n);
      });
      expect(await Promise.all(plays)).toEqual(Array.from({ length: 300 }, (_, n) => n));
    } finally {
      clearInterval(cutting);
    }
    expect(await circle.play("data.get('all')")).toEqual(Array.from({ length: 300 }, (_, n) => n));
    circle.close();
  });
});
