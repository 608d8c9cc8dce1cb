import { generateKeypair } from "@circles/sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RunningRelay } from "../../../relay/src/bin/relay.ts";
import { startRelayInProcess } from "../../../relay/test/relay-in-process.ts";
import { Peer } from "../peers/peer.ts";
import { LogFollower } from "./log-follower.ts";

describe("following a log", () => {
  let relay: RunningRelay;
  let peer: Peer;
  let follower: LogFollower;
  beforeEach(async () => {
    relay = await startRelayInProcess();
    peer = new Peer({ signer: generateKeypair(), name: "Me", relay: relay.url });
    follower = new LogFollower(peer);
  });
  afterEach(async () => {
    follower.stop();
    peer.close();
    await relay.close();
  });
  const shown = () => (follower.log.value.is === "there" ? follower.log.value.value : undefined);
  const seqs = () => shown()?.records.map(({ record }) => record.seq);

  it("[PG13] goes on where it was when its circle had been closed, though nothing happened meanwhile", async () => {
    void follower.follow();
    await expect.poll(seqs).toEqual([1]);
    const own = await peer.own();
    own.close();
    await expect.poll(() => follower.log.value.is).toBe("failed");
    await expect.poll(seqs, { timeout: 10_000 }).toEqual([1]);
    await (await peer.own()).play("1");
    await expect.poll(seqs).toEqual([1, 2]);
    expect(shown()?.chain).toMatchObject({ is: "whole", from: 1, to: 2 });
  });

  it("[PG13] reads what was before, and joins it to what it has", async () => {
    const own = await peer.own();
    for (let i = 0; i < 8; i++) await Promise.all(Array.from({ length: 75 }, () => own.play("1").played));
    void follower.follow();
    await expect.poll(() => seqs()?.length).toBe(500);
    expect(shown()).toMatchObject({ hasEarlier: true, chain: { is: "whole", from: 102, to: 601 } });
    await follower.readEarlier();
    expect(shown()).toMatchObject({ hasEarlier: false, chain: { is: "whole", from: 1, to: 601 } });
  });
});
