import { connect } from "@circles/sdk";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { alice } from "./people.ts";
import { type RelayProcess, startRelayProcess } from "./relay-process.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

const INCREMENTS = 1_000;
const AT_ONCE = 8;
const MOST_BETWEEN_KILLS = 80;

describe("a relay killed with SIGKILL again and again", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let relay: RelayProcess;
  beforeAll(async () => {
    folder = await makeTemporaryFolder();
    relay = await startRelayProcess(["--port", "0", "--threads", "1", "--db-path", folder.path]);
  });
  afterAll(async () => {
    await relay.kill("SIGKILL");
    await folder.remove();
  });

  it(`[WK1] plays each of ${INCREMENTS} increments exactly once when its callers' connection heals`, async () => {
    const { port, url } = relay;
    const restart = () => startRelayProcess(["--port", String(port), "--threads", "1", "--db-path", folder.path]);
    const circle = await connect(`${url}/${alice.publicKey}`, { signer: alice });
    const increment = () => circle.play("data.set('n', (data.get('n') ?? 0) + 1)", null, { timeoutMs: 60_000 }).played;
    let started = 0;
    let ended = 0;
    const caller = async () => {
      while (started < INCREMENTS) {
        started += 1;
        await increment();
        ended += 1;
      }
    };
    const callers = Promise.all(Array.from({ length: AT_ONCE }, caller));
    let kills = 0;
    while (ended < INCREMENTS) {
      // A random moment: after some of the increments, and whatever the relay is at a little later.
      const enough = Math.min(INCREMENTS, ended + Math.ceil(Math.random() * MOST_BETWEEN_KILLS));
      await vi.waitUntil(() => ended >= enough, { timeout: 60_000, interval: 1 });
      if (ended === INCREMENTS) break;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
      await relay.kill("SIGKILL");
      kills += 1;
      relay = await restart();
    }
    await callers;
    expect(await circle.play("data.get('n')")).toBe(INCREMENTS);
    circle.close();
    expect(kills).toBeGreaterThan(10);
  }, 180_000);
});
