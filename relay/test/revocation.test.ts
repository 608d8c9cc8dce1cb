import { type Circle, connect } from "@circles/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningRelay } from "../src/bin/relay.ts";
import { alice, bob } from "./people.ts";
import { startRelayInProcess } from "./relay-in-process.ts";

/** Writes once, and then reads for as long as it may. */
const READ_FOREVER = `data.set("shared/mine", 1); print("running"); for (;;) data.get("public/a");`;

describe("while a script runs", () => {
  let relay: RunningRelay;
  let bobs: Circle;
  let alices: Circle;
  beforeAll(async () => {
    relay = await startRelayInProcess({ threads: 2 });
    bobs = await connect(`${relay.url}/${bob.publicKey}`, { signer: bob });
    alices = await connect(`${relay.url}/${bob.publicKey}`, { signer: alice });
  });
  afterAll(async () => {
    bobs?.close();
    alices?.close();
    await relay?.close();
  });

  const grant = { to: alice.publicKey, allow: ["read:public/**", "write:shared/**"] };

  it("[WK15] a grant taken away stops its next call; the play is denied and has written nothing", async () => {
    await bobs.policy.set({ grants: [grant] });
    const play = alices.play(READ_FOREVER);
    for await (const { data } of play) {
      expect(data).toBe("running");
      break;
    }
    expect(await bobs.policy.revoke(grant)).toBe(true); // in the control lane, beside it
    await expect(play.played).rejects.toMatchObject({
      code: -32003,
      data: { capability: "read:public/a" },
    });
    expect(await bobs.play(({ data }) => data.get("shared/mine"))).toBeNull();
  });

  it("[WK15] what was in line behind the change is denied too", async () => {
    await bobs.policy.set({ grants: [grant] });
    const running = alices.play(READ_FOREVER);
    for await (const _ of running) break;
    const behind = Array.from({ length: 3 }, () => alices.play(({ data }) => data.set("shared/b", 1)));
    await bobs.policy.set({ grants: [] });
    for (const play of [running, ...behind]) await expect(play.played).rejects.toMatchObject({ code: -32003 });
    expect(await bobs.play(({ data }) => data.list("shared/"))).toEqual([]);
  });

  it("[WK14] the owner's control plays go on beside a circle's plays, and touch no data", async () => {
    const slow = bobs.play(
      "print('running'); for (const t = Date.now(); Date.now() < t + 800;); data.set('done', 1); 'slow'",
    );
    for await (const _ of slow) break;
    expect(await bobs.policy.get()).toEqual({ grants: [] });
    expect(await bobs.play(({ data }) => data.has("done"))).toBe(true); // this one waited for it
    expect(await slow).toBe("slow");
  });
});
