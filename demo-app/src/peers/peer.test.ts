import { generateKeypair } from "@circles/sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RunningRelay } from "../../../relay/src/bin/relay.ts";
import { startRelayInProcess } from "../../../relay/test/relay-in-process.ts";
import { Peer } from "./peer.ts";

describe("a peer", () => {
  let relay: RunningRelay;
  let peer: Peer;
  beforeEach(async () => {
    relay = await startRelayInProcess();
    peer = new Peer({ signer: generateKeypair(), name: "Me", relay: relay.url });
  });
  afterEach(async () => {
    peer.close();
    await relay.close();
  });
  const others = (count: number) => Array.from({ length: count }, () => `${relay.url}/${generateKeypair().publicKey}`);

  it("[PG9] that has left dials nothing any more, and whatever followed it ends", async () => {
    const following = peer.asking.follow();
    const [own, [url = ""]] = [await peer.own(), others(1)];
    const dialling = peer.circle(url);
    peer.close();
    await following;
    expect(await own.closed).toBeTypeOf("string");
    expect(await (await dialling).closed).toBeTypeOf("string");
    for (const left of [peer.own(), peer.circle(url), peer.turnedTo()]) await expect(left).rejects.toThrow("has left");
    await peer.asking.refresh();
    expect(peer.asking.error.value).toBeUndefined();
  });

  it("[PG6] keeps a circle until it is closed, and dials it again then", async () => {
    const first = await peer.own();
    expect(await peer.own()).toBe(first);
    expect(peer.standing.value).toBe("open");
    first.close();
    await first.closed;
    await expect.poll(() => peer.own()).not.toBe(first);
    expect(peer.standing.value).toBe("open");
  });

  it("[PG11] leaves the circles that it visited longest ago, and never its own", async () => {
    const own = await peer.own();
    const [oldest = "", second = "", ...newer] = others(9);
    const [left, kept] = [await peer.circle(oldest), await peer.circle(second)];
    for (const url of newer) await peer.circle(url);
    expect(await left.closed).toBeTypeOf("string");
    expect([own.status, kept.status]).toEqual(["open", "open"]);
    expect(await peer.circle(second)).toBe(kept);
  });
});
