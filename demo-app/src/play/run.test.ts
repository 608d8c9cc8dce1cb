import { type Circle, connect, generateKeypair, type Keypair } from "@circles/sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RunningRelay } from "../../../relay/src/bin/relay.ts";
import { startRelayInProcess } from "../../../relay/test/relay-in-process.ts";
import { Run, type RunParts } from "./run.ts";

describe("a run", () => {
  let relay: RunningRelay;
  let circle: Circle;
  let owner: Keypair;
  beforeEach(async () => {
    relay = await startRelayInProcess();
    owner = generateKeypair();
    circle = await connect(`${relay.url}/${owner.publicKey}`, { signer: owner });
  });
  afterEach(async () => {
    circle.close();
    await relay.close();
  });
  const start = (given: Partial<RunParts>) =>
    Run.start({ script: "1", args: "", target: "", url: () => "ws://a/b", dial: async () => circle, ...given });
  const ended = async (run: Run) => {
    await expect.poll(() => run.end.value).toBeDefined();
    return run.end.value;
  };

  it("[PG3] that is cancelled while its circle is dialled is not sent", async () => {
    let open: (circle: Circle) => void = () => {};
    const dialling = new Promise<Circle>((resolve) => {
      open = resolve;
    });
    const run = start({ dial: () => dialling });
    run.cancel();
    expect(run.end.value).toEqual({ is: "cancelled" });
    open(circle);
    await dialling;
    const { log } = await circle.play("2").played;
    expect(log.seq).toBe(1);
    expect(run.end.value).toEqual({ is: "cancelled" });
  });

  it("[PG3] that is cancelled while it runs ends as the relay says", async () => {
    const run = start({ script: "progress(0.5); for (;;);" });
    await expect.poll(() => run.progress.value).toEqual({ fraction: 0.5 });
    run.cancel();
    expect(await ended(run)).toEqual({ is: "cancelled" });
  });

  it("[PG2] says where it was sent when it has ended, and waits for nobody when it goes on", async () => {
    await circle.policy.set({ grants: [{ to: "*", allow: ["write:**"], approval: "ask" }] });
    const guest = await connect(`${relay.url}/${owner.publicKey}`, { signer: generateKeypair() });
    const told: string[] = [];
    const run = start({
      script: "data.set('a”b', 1); progress(1, 'on'); for (const end = Date.now() + 50; Date.now() < end; ); 7",
      dial: async () => guest,
      onEnd: (url) => told.push(url),
    });
    await expect.poll(() => run.waitsFor.value).toBe("“write:a⟨U+201D⟩b”");
    const [entry] = await circle.inbox.list();
    await circle.inbox.allow(entry?.id ?? "");
    await expect.poll(() => run.progress.value).toEqual({ fraction: 1, note: "on" });
    expect(run.waitsFor.value).toBeUndefined();
    expect(await ended(run)).toEqual({ is: "result", value: 7 });
    await expect.poll(() => told).toEqual(["ws://a/b"]);
    guest.close();
  });
});
