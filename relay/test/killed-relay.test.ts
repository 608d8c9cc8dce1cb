import { type Circle, ConnectionError, connect } from "@circles/sdk";
import { makeTaskId } from "@circles/sdk/protocol";
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

  it(`[WK1] plays each of ${INCREMENTS} increments exactly once when callers retry under the same task id`, async () => {
    const { port, url } = relay;
    const restart = () => startRelayProcess(["--port", String(port), "--threads", "1", "--db-path", folder.path]);
    let running = Promise.resolve(relay);
    let circle: Promise<Circle> | undefined;
    /** One connection for all; whoever finds it broken has it dialled anew, when a relay runs again. */
    const dial = () => {
      circle ??= running.then(() => connect(`${url}/${alice.publicKey}`, { signer: alice, timeoutMs: 2_000 }));
      return circle;
    };
    const increment = async () => {
      const taskId = makeTaskId();
      for (;;) {
        const used = dial();
        try {
          await (await used).play("data.set('n', (data.get('n') ?? 0) + 1)", null, { taskId, timeoutMs: 5_000 });
          return;
        } catch (error) {
          // Only what a killed relay explains is tried again.
          if (!(error instanceof ConnectionError)) throw error;
          if (circle === used) circle = undefined;
        }
      }
    };
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
      running = restart();
      relay = await running;
    }
    await callers;
    circle = undefined;
    expect(await (await dial()).play("data.get('n')")).toBe(INCREMENTS);
    expect(kills).toBeGreaterThan(10);
  }, 180_000);
});
